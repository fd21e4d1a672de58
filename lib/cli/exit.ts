/**
 * The exit codes of every command; 0 is success. Set as `process.exitCode`, never by `process.exit`, which would cut off
 * output that is still on its way into a pipe.
 */
export const EXIT = {
  /** The command did its work and the answer is no: an error found, an image missing, a decision due. */
  no: 1,
  /** There is no answer: wrong use, broken input, or a failure on the way. */
  failed: 2,
  /** The reader of standard output has gone, as with `| head`: what a shell gives for a process that SIGPIPE ended. */
  unread: 141,
} as const;
