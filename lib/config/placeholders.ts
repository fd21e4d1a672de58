/** What the `to` of a rule may hold in braces; filled in by the plan. */
export const PLACEHOLDERS = ['path', 'server', 'repository', 'parent', 'name'] as const;

/** One of them, without the braces. */
export type Placeholder = (typeof PLACEHOLDERS)[number];
