import { isIgnoredByGit } from '../input/git-ignore.ts';
import { field, listOf, type Value } from './manifest.ts';
import { RULES } from './rules.ts';

/** What the command line of cdk8s hands to a validation plugin, as far as this one uses it. */
export interface ValidationContext {
  /** The paths of the manifests. */
  readonly manifests: readonly string[];
  parseManifest(path: string): Value[];
  readonly report: {
    addViolation(violation: {
      readonly ruleName: string;
      readonly recommendation: string;
      readonly fix: string;
      readonly violatingResources: readonly {
        readonly resourceName: string;
        readonly locations: readonly string[];
        readonly manifestPath: string;
      }[];
    }): void;
    submit(status: 'success' | 'failure', metadata?: Readonly<Record<string, string>>): void;
  };
}

/**
 * A validation plugin of cdk8s (`validations:` in cdk8s.yaml) for the manifests of any app: no plain Secret in a file
 * that git would commit, every image pinned by digest, the PodSecurity standard `restricted`, names and labels
 * legal. Outside of a git work tree a plain Secret is let pass: nothing gets committed.
 */
export class ManifestValidation {
  async validate(context: ValidationContext): Promise<void> {
    const objects = context.manifests.flatMap((path) =>
      context
        .parseManifest(path)
        .flatMap(flatten)
        .map((manifest) => ({ path, manifest })),
    );
    const holdsSecret = new Set(
      objects.filter(({ manifest }) => field(manifest, 'kind') === 'Secret').map(({ path }) => path),
    );
    const committed = new Set([...holdsSecret].filter((path) => isIgnoredByGit(path) === false));
    let broken = 0;
    for (const { name, recommendation, fix, locations } of RULES) {
      const violatingResources = objects.flatMap(({ path, manifest }) => {
        const found = locations(manifest, { committed: committed.has(path) });
        return found.length > 0
          ? [{ resourceName: nameOf(manifest), locations: found, manifestPath: path }]
          : [];
      });
      if (violatingResources.length === 0) continue;
      context.report.addViolation({ ruleName: name, recommendation, fix, violatingResources });
      broken += 1;
    }
    context.report.submit(broken > 0 ? 'failure' : 'success', {
      Objects: String(objects.length),
      Rules: RULES.map(({ name }) => name).join(', '),
    });
  }
}

/** The objects of a document: none of an empty one, those of a List. */
function flatten(document: Value): Value[] {
  if (document === null || document === undefined) return [];
  const isList = field(document, 'apiVersion') === 'v1' && field(document, 'kind') === 'List';
  return isList ? listOf(field(document, 'items')).flatMap(flatten) : [document];
}

function nameOf(manifest: Value): string {
  const metadata = field(manifest, 'metadata');
  const name = field(metadata, 'name') ?? field(metadata, 'generateName') ?? '?';
  return `${field(manifest, 'kind')}/${name}`;
}
