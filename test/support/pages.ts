/** The pages that show what a command prints, in `console` blocks: test/cli/docs.test.ts runs them. */
export const PAGES_WITH_EXAMPLES: readonly string[] = [
  'docs/reference/cli.md',
  'docs/how-to/upgrade.md',
  'docs/how-to/configured-elsewhere.md',
  'docs/how-to/audit.md',
];

/** The pages whose commands ask registries: test/how-to/with-registries.test.ts runs them. */
export const PAGES_WITH_REGISTRIES: readonly string[] = [
  'docs/how-to/bundle.md',
  'docs/tutorial/bundle.md',
  'docs/tutorial/machine-between.md',
];

/** Matches what a page shows in a `text` block: `…` stands for anything in a line, and a Job has the hash of its spec. */
export function shownIn(text: string): RegExp {
  const literal = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    literal.replaceAll('…', '.*').replaceAll(/ess-mirror-[0-9a-f]{10}/g, 'ess-mirror-[0-9a-f]{10}'),
  );
}
