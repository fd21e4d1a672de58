import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact } from '../../lib/digests/artifacts.ts';
import { runEssAirgap } from './cli-process.ts';
import { type Image, type LayerSpec, makeImage, pushImage } from './images.ts';
import type { Run } from './project.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  manifestDigest,
  type Registry,
  startRegistry,
} from './registry.ts';
import { digestsFileOf } from './release.ts';

// What the tests of `bundle` and `load` share: two releases in one real registry, and another over TLS with a password.

const push = { username: 'pusher', password: 'fake-push-password' };
const base: LayerSpec = { seed: 'base', size: 50_000 };
const deps: LayerSpec = { seed: 'deps', size: 200_000, perArchitecture: true };
const layers = (name: string, ...more: LayerSpec[]): LayerSpec[] => [
  base,
  ...more,
  { seed: name, size: 9000 },
];

export const synapse = makeImage({ name: 'synapse 1', layers: layers('synapse1', deps) });
export const newSynapse = makeImage({ name: 'synapse 2', layers: layers('synapse2', deps) });
export const redis = makeImage({ name: 'redis', mediaTypes: 'docker', layers: layers('redis') });
export const nginx = makeImage({
  name: 'nginx',
  mediaTypes: 'docker',
  architectures: ['amd64'],
  layers: [base],
});
export const hydrogen = makeImage({
  name: 'hydrogen',
  architectures: ['amd64'],
  layers: layers('hydrogen'),
});

export type Release = Record<
  string,
  { path: string; tag: string; image: Image; artifacts?: readonly Artifact[] }
>;
export const first: Release = {
  'synapse/synapse': { path: 'element-hq/synapse', tag: 'v1', image: synapse },
  'synapse/redis': { path: 'library/redis', tag: '7.2', image: redis },
  'hookshot/redis': { path: 'library/redis', tag: '7.2', image: redis },
  'well_known/nginx': { path: 'library/nginx', tag: '1.10', image: nginx },
};
export const second: Release = {
  ...first,
  'synapse/synapse': { path: 'element-hq/synapse', tag: 'v2', image: newSynapse },
  'hydrogen/hydrogen': { path: 'element-hq/hydrogen', tag: 'v1', image: hydrogen },
};

/** Further keys of airgap.yaml, as YAML. */
export interface ProjectOptions {
  registry?: string;
  mirror?: string;
}

/** The two registries, and a private directory for all that a test makes. */
export class BundleLab {
  readonly directory: string;
  readonly authority: CertificateAuthority;
  readonly source: Registry;
  /** Takes pushes from {@link pushEnv} only. */
  readonly target: Registry;

  private constructor(
    directory: string,
    authority: CertificateAuthority,
    source: Registry,
    target: Registry,
  ) {
    this.directory = directory;
    this.authority = authority;
    this.source = source;
    this.target = target;
    writeFileSync(
      join(directory, 'auth.json'),
      JSON.stringify({
        auths: {
          [target.server]: { auth: Buffer.from(`${push.username}:${push.password}`).toString('base64') },
        },
      }),
    );
  }

  static async start(): Promise<BundleLab> {
    const directory = mkdtempSync(join(tmpdir(), 'ess-airgap-bundle-'));
    const authority = createCertificateAuthority(directory);
    const [source, target] = await Promise.all([
      startRegistry(),
      startRegistry({ password: push, tls: authority }),
    ]);
    for (const { path, tag, image } of [...Object.values(first), ...Object.values(second)]) {
      await pushImage(source.server, path, tag, image);
    }
    return new BundleLab(directory, authority, source, target);
  }

  /** The same, with the bundle of the first release, and that of the second since it. */
  static async startWithBundles(): Promise<{ lab: BundleLab; made: string; madeSince: string }> {
    const lab = await BundleLab.start();
    const made = join(lab.directory, 'first');
    const madeSince = join(lab.directory, 'second');
    for (const [release, args] of [
      [first, ['--output', made]],
      [second, ['--output', madeSince, '--since', made]],
    ] as const) {
      const { status, stderr } = await lab.bundle(release, args);
      if (status === 0 && stderr === '') continue;
      await lab.stop();
      throw new Error(`bundle ${args.join(' ')} ended with exit code ${status}: ${stderr}`);
    }
    return { lab, made, madeSince };
  }

  async stop(): Promise<void> {
    await Promise.all([this.source.stop(), this.target.stop()]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Makes a bundle of a release. */
  bundle(
    release: Release,
    args: readonly string[],
    from = this.source.server,
    more: ProjectOptions = {},
  ): Promise<Run> {
    return runEssAirgap(['bundle', ...args], { cwd: this.projectOf(release, from, more) });
  }

  /** A folder with an airgap.yaml and the digests file of a release. */
  projectOf(release: Release, from = this.source.server, more: ProjectOptions = {}): string {
    const references = Object.entries(release).map(([name, { path, tag, image }]) => [
      name,
      `${from}/${path}:${tag}@${image.digest}`,
    ]);
    const dir = mkdtempSync(join(this.directory, 'project-'));
    const artifacts = Object.values(release).flatMap(({ path, image, artifacts }) =>
      artifacts ? [[`${from}/${path}@${image.digest}`, artifacts]] : [],
    );
    writeFileSync(
      join(dir, 'images_digests.yml'),
      digestsFileOf(Object.fromEntries(references), Object.fromEntries(artifacts)),
    );
    writeFileSync(
      join(dir, 'airgap.yaml'),
      `apiVersion: ess-airgap/v1
registry: { server: nodes.example, pushServer: "${this.target.server}", path: ess, ${more.registry ?? ''} }
mirror: { image: "x.example/skopeo:1@sha256:${'0'.repeat(64)}", insecure: ["${from}"], ${more.mirror ?? ''} }
`,
    );
    return dir;
  }

  /** The environment of somebody who may push. */
  get pushEnv(): { REGISTRY_AUTH_FILE: string; SSL_CERT_FILE: string } {
    return { REGISTRY_AUTH_FILE: join(this.directory, 'auth.json'), SSL_CERT_FILE: this.authority.caFile };
  }

  /** Loads a bundle as somebody who may push, and compared the digest of load.plan. */
  load(dir: string, ...args: string[]): Promise<Run> {
    return this.loadUnchecked(dir, ...args, '--digest', planDigest(dir));
  }

  /** Loads a bundle without comparing anything. */
  loadUnchecked(...args: string[]): Promise<Run> {
    return runEssAirgap(['load', ...args], { cwd: this.directory, env: this.pushEnv });
  }

  /** Makes the target a registry that never had anything: deleted manifests would leave their layers behind. */
  emptyTarget(): void {
    rmSync(join(this.target.storageDir, 'docker'), { recursive: true, force: true });
  }

  /** The digest that the target has, as somebody who may read. */
  digestOf(path: string, tag: string): Promise<string | undefined> {
    return manifestDigest(this.target.server, `ess/${path}`, tag, this.access);
  }

  /** Everything of a release that the target does not have with its digest. */
  async missing(release: Release): Promise<string[]> {
    const all = Object.entries(release).map(async ([name, { path, tag, image }]) =>
      (await this.digestOf(path, tag)) === image.digest ? [] : [name],
    );
    return (await Promise.all(all)).flat();
  }

  get access(): { username: string; password: string; ca: string } {
    return { ...push, ca: this.authority.ca };
  }
}

/** The digest of the load.plan of a bundle as it is now. */
export function planDigest(dir: string): string {
  const file = [join(dir, 'load.plan'), join(dir, 'part-001/load.plan')].find((it) => existsSync(it)) ?? dir;
  return `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
}

/** The names of the files with the blobs of a bundle, or of a part. */
export const blobsIn = (dir: string): string[] => readdirSync(join(dir, 'blobs/sha256'));

/** The digits of every digest of a release. */
export const distinct = (release: Release): string[] => {
  const all = Object.values(release).flatMap(({ image }) => [image, ...image.manifests, ...image.blobs]);
  return [...new Set(all.map(({ digest }) => digest.slice(7)))].sort();
};

/** The layer that is larger than the others, by the digits of its digest. */
export const largeLayer = (image: Image): string =>
  image.blobs.find(({ size }) => size > 200_000)?.digest.slice(7) ?? '';
