import type { Placeholder } from '../config/placeholders.ts';
import type { Config } from '../config/schema.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { type GlobBudget, globMatcher } from '../input/glob.ts';

interface CompiledRule {
  readonly match: string;
  readonly matches: (name: string) => boolean;
  readonly to: string;
}

/** Where images go on the local server: the first rule that matches, else the layout. */
export class Layout {
  readonly #config: Config['registry'];
  readonly #rules: readonly CompiledRule[];
  readonly #ruleOf = new Map<string, number>();

  constructor(config: Config, budget?: GlobBudget) {
    this.#config = config.registry;
    this.#rules = config.rules.map(({ match, to }) => ({ match, matches: globMatcher(match, budget), to }));
  }

  /** The index of the rule that places an image, or -1 where the layout does. */
  ruleFor(image: ImageReference): number {
    const name = repositoryName(image);
    const known = this.#ruleOf.get(name);
    if (known !== undefined) return known;
    const rule = this.#rules.findIndex(({ matches }) => matches(name));
    this.#ruleOf.set(name, rule);
    return rule;
  }

  /** Whether the rule that places an image spells its server out, so that it is meant for that server. */
  ruleNamesServer(image: ImageReference): boolean {
    const rule = this.#rules[this.ruleFor(image)];
    return rule !== undefined && !/[*?]/.test(rule.match.split('/')[0] ?? '');
  }

  /** Whether a rule fits an image, even where an earlier one wins. */
  fits(rule: number, image: ImageReference): boolean {
    return this.#rules[rule]?.matches(repositoryName(image)) ?? false;
  }

  /** The repository on the local server for an upstream image. */
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

  /** An empty placeholder leaves no empty component behind. */
  #join(...components: readonly (string | undefined)[]): string {
    return components.filter(Boolean).join('/');
  }
}

/** A server as a component of a path, where neither capital letters nor a port's colon are legal. */
function serverFolder(registry: string): string {
  return registry
    .toLowerCase()
    .replace(/[:[\]]+/g, '-')
    .replace(/^-|-$/g, '');
}

function lastComponent(repository: string): string {
  return repository.slice(repository.lastIndexOf('/') + 1);
}
