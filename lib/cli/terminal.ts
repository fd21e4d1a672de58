import type { WriteStream } from 'node:tty';
import colors from 'picocolors';

/** The colours of a stream; plain text where it is no terminal or `NO_COLOR` is set. */
export type Colors = ReturnType<typeof colors.createColors>;

/** How a stream shows text: colours on a terminal only, and its width in characters. */
export interface Terminal {
  readonly colors: Colors;
  /** Left out where the stream is a file or a pipe: lines may be as long as they are there. */
  readonly width?: number;
}

/**
 * How a standard stream shows text; without one as a file does. `NO_COLOR`, `FORCE_COLOR` and `TERM=dumb` are Node's
 * `hasColors`.
 */
export function terminalOf(stream: WriteStream | undefined): Terminal {
  if (!stream?.isTTY) return { colors: colors.createColors(false) };
  return { colors: colors.createColors(stream.hasColors()), width: stream.columns || 80 };
}
