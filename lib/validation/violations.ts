import { isIgnoredByGit } from '../input/git-ignore.ts';
import type { Problem } from '../input/problem.ts';
import { field, listOf, type Value } from './manifest.ts';
import { RULES, type Rule } from './rules.ts';

/** A file and the documents that are in it. */
export interface ManifestDocuments {
  readonly path: string;
  readonly manifests: readonly Value[];
}

/** A rule, and the objects that break it. */
export interface BrokenRule {
  readonly rule: Rule;
  readonly objects: readonly {
    readonly name: string;
    readonly path: string;
    /** Places in the object, each with the reason. */
    readonly locations: string[];
  }[];
}

/** The rules that the objects of some files break. */
export function findBrokenRules(files: readonly ManifestDocuments[]): {
  broken: BrokenRule[];
  objects: number;
} {
  const objects = files.flatMap(({ path, manifests }) =>
    manifests.flatMap(flatten).map((manifest) => ({ path, manifest })),
  );
  const holdsSecret = new Set(
    objects.filter(({ manifest }) => field(manifest, 'kind') === 'Secret').map(({ path }) => path),
  );
  const committed = new Set([...holdsSecret].filter((path) => isIgnoredByGit(path) === false));
  const broken = RULES.map((rule) => ({
    rule,
    objects: objects.flatMap(({ path, manifest }) => {
      const locations = rule.locations(manifest, { committed: committed.has(path) });
      return locations.length > 0 ? [{ name: nameOf(manifest), path, locations }] : [];
    }),
  }));
  return { broken: broken.filter((one) => one.objects.length > 0), objects: objects.length };
}

/** The same as problems, one for each object and rule. */
export function findViolations(files: readonly ManifestDocuments[]): Problem[] {
  return findBrokenRules(files).broken.flatMap(({ rule, objects }) =>
    objects.map(({ name, path, locations }) => ({
      message: `${path}: ${name} breaks the rule ${rule.name} at ${locations.join(', ')}. ${rule.recommendation}`,
      hint: rule.fix,
    })),
  );
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
