/** What the `to` of a rule may hold in braces; filled in by the plan. */
export const PLACEHOLDERS: readonly string[] = ['path', 'server', 'repository', 'parent', 'name'];
