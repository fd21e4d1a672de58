/**
 * Returns what base64 of any text that contains this one contains: base64 turns three bytes into four characters, so
 * there is one form for each place modulo three where it can begin, less the characters that its neighbours share in.
 */
export function base64Cores(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const shared = [0, 2, 3][before] ?? 0;
    const complete = Math.floor(((before + bytes.length) * 8) / 6);
    return encoded.slice(shared, complete);
  });
}
