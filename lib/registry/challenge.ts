/** What a registry asks for in `WWW-Authenticate` (RFC 7235): the scheme in lower case, and its parameters. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads the challenges of a header, or of several. What is no challenge is left out. */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(', ');
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  // A scheme stands before its first parameter, parameters have commas between them, values may be quoted.
  const token =
    /(?:^|[\s,])(?<scheme>[A-Za-z][\w-]*)(?=\s+[\w-]+\s*=|\s*(?:,|$))|(?<key>[\w-]+)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s",]+))/g;
  for (const { groups = {} } of text.matchAll(token)) {
    const { scheme, key, quoted, plain } = groups;
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: Object.create(null) });
    const last = found.at(-1);
    if (key !== undefined && last) {
      last.parameters[key.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    }
  }
  return found;
}
