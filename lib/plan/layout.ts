import type { Placeholder } from '../config/placeholders.ts';
import type { Config } from '../config/schema.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { type GlobBudget, globMatcher } from '../input/glob.ts';

interface CompiledRule {
  readonly match: string;
  readonly matches: (name: string) => boolean;
  readonly to: string;
}

/** Decides the repository of images on the local server: by the first matching rule, otherwise by the layout. */
export class Layout {
  readonly #config: Config['registry'];
  readonly #rules: readonly CompiledRule[];
  readonly #ruleOf = new Map<string, number>();

  constructor(config: Config, budget?: GlobBudget) {
    this.#config = config.registry;
    this.#rules = config.rules.map(({ match, to }) => ({ match, matches: globMatcher(match, budget), to }));
  }

  /** Returns the index of the rule that decides the repository of an image, or -1 if the layout does. */
  ruleFor(image: ImageReference): number {
    const name = repositoryName(image);
    const known = this.#ruleOf.get(name);
    if (known !== undefined) return known;
    const rule = this.#rules.findIndex(({ matches }) => matches(name));
    this.#ruleOf.set(name, rule);
    return rule;
  }

  /** Returns whether the rule for an image names its server without wildcards, so that it is for that server. */
  ruleNamesServer(image: ImageReference): boolean {
    const rule = this.#rules[this.ruleFor(image)];
    return rule !== undefined && !/[*?]/.test(rule.match.split('/')[0] ?? '');
  }

  /** Returns whether a rule matches an image, even if an earlier rule takes precedence. */
  fits(rule: number, image: ImageReference): boolean {
    return this.#rules[rule]?.matches(repositoryName(image)) ?? false;
  }

  /** Returns the repository on the local server for an upstream image. */
  repositoryFor(image: ImageReference): string {
    const rule = this.#rules[this.ruleFor(image)];
    return rule ? this.#fill(rule.to, image) : this.#join(this.#config.path, this.#below(image));
  }

  #below(image: ImageReference): string {
    switch (this.#config.layout) {
      case 'preserve':
        return image.repository;
      case 'by-server':
        return `${serverFolder(image.registry)}/${image.repository}`;
      case 'flat':
        return lastComponent(image.repository);
    }
  }

  #fill(to: string, image: ImageReference): string {
    const name = lastComponent(image.repository);
    const values: Record<Placeholder, string> = {
      path: this.#config.path ?? '',
      server: serverFolder(image.registry),
      repository: image.repository,
      parent: image.repository.slice(0, -name.length - 1),
      name,
    };
    const filled = to.replace(/\{(\w+)\}/g, (_, placeholder: Placeholder) => values[placeholder]);
    return this.#join(...filled.split('/'));
  }

  /** An empty placeholder must not leave an empty component. */
  #join(...components: readonly (string | undefined)[]): string {
    return components.filter(Boolean).join('/');
  }
}

/** Returns a server as a path component, which must not have upper-case letters or the colon of a port. */
function serverFolder(registry: string): string {
  return registry
    .toLowerCase()
    .replace(/[:[\]]+/g, '-')
    .replace(/^-|-$/g, '');
}

function lastComponent(repository: string): string {
  return repository.slice(repository.lastIndexOf('/') + 1);
}
