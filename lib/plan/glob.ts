import picomatch from 'picomatch';

/** Matches names by a glob: `*` within one component of a path, `**` across them, `{a,b}`, `[a-c]`, `?`. */
export function globMatcher(glob: string): (name: string) => boolean {
  return picomatch(glob, { dot: true, strictSlashes: true, nonegate: true });
}
