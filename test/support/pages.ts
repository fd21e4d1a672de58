/** The pages that show what a command prints, in `console` blocks: test/cli/docs.test.ts runs them. */
export const PAGES_WITH_EXAMPLES: readonly string[] = [
  'docs/reference/cli.md',
  'docs/how-to/upgrade.md',
  'docs/how-to/configured-elsewhere.md',
];
