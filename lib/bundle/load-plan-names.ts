import { LIMITS } from './limits.ts';
import type { BundledFile, Placement } from './load-plan.ts';
import type { LoadPlanLines } from './load-plan-lines.ts';

/**
 * What the lines of load.plan have named so far. Several images may have the same file, but it must be described in the same
 * way each time. Every method throws InputError for a line that does not fit those before it.
 */
export class LoadPlanNames {
  readonly placements = new Map<string, Placement>();
  readonly #lines: LoadPlanLines;
  /** How each file was described first. */
  readonly #described = new Map<string, string>();
  /** The digest at each tag, `registry/repository:tag`, and whether it is that of an image. */
  readonly #tags = new Map<string, { readonly digest: string; readonly isTarget: boolean }>();
  /** The digests that the current image, artifact or list has named. */
  #named = new Set<string>();
  #manifestBytes = 0;

  constructor(lines: LoadPlanLines) {
    this.#lines = lines;
  }

  /** Begins an image, an artifact or a list. None of them names a file twice. */
  begin(): void {
    this.#named = new Set();
  }

  addManifest(file: BundledFile, part: number): void {
    const isNew = !this.placements.has(file.hex);
    this.addFile(file, part);
    if (isNew) this.#manifestBytes += file.size;
    if (this.#manifestBytes > LIMITS.allManifestsBytes) {
      throw this.#lines.wrong(`the manifests have more than ${LIMITS.allManifestsBytes} bytes together`);
    }
  }

  addFile(file: BundledFile, placement: Placement): void {
    this.#once(file);
    this.#same(file, JSON.stringify(placement));
    this.placements.set(file.hex, placement);
  }

  /** A layer that an older bundle has. */
  addAbsent(file: BundledFile): void {
    this.#once(file);
    this.#same(file, 'absent');
  }

  /** Nobody reads the manifest of another platform: it may be in the bundle for another image. */
  addOmitted(file: BundledFile): void {
    this.#once(file);
  }

  addTarget(name: string, digest: string): void {
    if (this.#tags.has(name)) throw this.#lines.wrong(`a second image for the target ${name}`);
    this.#tags.set(name, { digest, isTarget: true });
  }

  /** The tag of an artifact or a list, which several images of a repository may have. */
  addTag(name: string, digest: string): void {
    const known = this.#tags.get(name) ?? { digest, isTarget: false };
    if (known.isTarget || known.digest !== digest) {
      throw this.#lines.wrong(`another manifest for the tag ${name}`);
    }
    this.#tags.set(name, known);
  }

  #once({ hex }: BundledFile): void {
    if (this.#named.has(hex)) throw this.#lines.wrong(`the image names sha256:${hex} twice`);
    this.#named.add(hex);
  }

  #same({ hex, size }: BundledFile, where: string): void {
    const description = `${size} ${where}`;
    const known = this.#described.get(hex) ?? description;
    if (known !== description) {
      throw this.#lines.wrong(`sha256:${hex} has another size or place in a line before`);
    }
    this.#described.set(hex, description);
  }
}
