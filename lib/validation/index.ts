import type { Value } from './manifest.ts';
import { RULES } from './rules.ts';
import { findBrokenRules } from './violations.ts';

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
    const { broken, objects } = findBrokenRules(
      context.manifests.map((path) => ({ path, manifests: context.parseManifest(path) })),
    );
    for (const { rule, objects: violating } of broken) {
      context.report.addViolation({
        ruleName: rule.name,
        recommendation: rule.recommendation,
        fix: rule.fix,
        violatingResources: violating.map(({ name, path, locations }) => ({
          resourceName: name,
          locations,
          manifestPath: path,
        })),
      });
    }
    context.report.submit(broken.length > 0 ? 'failure' : 'success', {
      Objects: String(objects),
      Rules: RULES.map(({ name }) => name).join(', '),
    });
  }
}
