/** How many layers of base64 are opened. A Helm release in a Secret has a docker config's `auth` in the fourth. */
const MAX_LAYERS = 4;

/** A shorter run of base64 characters holds fewer than six bytes. */
const RUNS = /[A-Za-z0-9+/_-]{8,}/g;

/**
 * Returns a text and everything that it can be read as: with the escapes of JSON and YAML (`\u003c`, `\x3c`) and of URLs
 * (`%3C`) resolved, and with everything in it that may be base64 opened, layer by layer, wherever it begins, in either
 * alphabet, and across line breaks. Quotation marks and the backslashes in front of them stay: see `isQuotedIn`. What
 * base64 decodes to has a character per byte: look for {@link bytesOf} a text too.
 */
export function decodingsOf(text: string): string[] {
  const all = new Set<string>();
  let layer = [text];
  for (let depth = 0; ; depth++) {
    const readings = new Set(layer.flatMap(resolveEscapes));
    for (const reading of readings) all.add(reading);
    if (depth === MAX_LAYERS) return [...all];
    layer = [...readings].flatMap(openBase64);
    if (layer.length === 0) return [...all];
  }
}

/** Returns a text as it is found in what base64 decodes to; garbage decodes fastest this way. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Escapes may be escaped: a URL in a URL, a JSON text in a URL. */
const MAX_ROUNDS = 4;

function resolveEscapes(text: string): string[] {
  const readings = [text];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = readings.at(-1) ?? '';
    const unescaped = before.replace(ESCAPE, decodeEscape);
    const decoded = unescaped.replace(/(?:%[0-9a-fA-F]{2})+/g, decodePercent);
    if (decoded === before) break;
    readings.push(unescaped, decoded);
  }
  return readings;
}

/** Backslashes in front of it, as a text in a text has them, stay, as they do in front of quotation marks. */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8}))/g;

function decodeEscape(whole: string, four?: string, two?: string, eight?: string): string {
  const code = Number.parseInt(four ?? two ?? eight ?? '', 16);
  return code > 0x10ffff ? whole : String.fromCodePoint(code);
}

function decodePercent(escapes: string): string {
  return Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8');
}

/**
 * What the runs of base64 characters in a text decode to. Four characters are three bytes, and nothing says where the
 * first four begin: each run is read from its first four characters on.
 */
function openBase64(text: string): string[] {
  // Lines are folded, also inside of a JSON text; JSON may escape the signs.
  const unfolded = text.replace(/\\+[nrt]|\\+(?=[+/=])|\s+/g, '');
  // Digests are most of what a plan has of such characters, and are something else.
  const runs = unfolded.replace(/sha256:[0-9a-f]{64}/g, '\0').match(RUNS) ?? [];
  if (runs.length === 0) return [];
  return [0, 1, 2, 3].map((start) =>
    runs.map((run) => Buffer.from(run.slice(start), 'base64').toString('latin1')).join('\0'),
  );
}
