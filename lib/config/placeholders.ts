/** The placeholders that `to` of a rule may have in braces. The plan replaces them. */
export const PLACEHOLDERS = ['path', 'server', 'repository', 'parent', 'name'] as const;

/** One of them, without the braces. */
export type Placeholder = (typeof PLACEHOLDERS)[number];
