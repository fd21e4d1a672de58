/** What a registry asks for in `WWW-Authenticate` (RFC 7235): the scheme in lower case, and its parameters. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Reads the challenges of a header, or of several. Parts that are not challenges are left out. Takes time in proportion
 * to the header's length: a server writes it.
 */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(', ');
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  // A scheme stands before its first parameter, parameters have commas between them, values may be quoted.
  const part =
    /[\s,]+|(?<key>[^\s"=,]+)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"?|(?<plain>[^\s",]*))|(?<scheme>[^\s"=,]+)|./gy;
  for (const { groups = {} } of text.matchAll(part)) {
    const { scheme, key, quoted, plain } = groups;
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: Object.create(null) });
    const last = found.at(-1);
    if (key !== undefined && last) {
      last.parameters[key.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    }
  }
  return found;
}
