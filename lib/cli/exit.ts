/**
 * The exit codes of every command; 0 is success. Set as `process.exitCode`, never by `process.exit`, which would cut off
 * output that is still on its way into a pipe.
 */
export const EXIT = {
  /** Problems were found: an error, a missing image, a decision to make. */
  no: 1,
  /** There is no result: a usage error, invalid input, or a failure. */
  failed: 2,
  /** The reader of standard output has gone, as with `| head`: what a shell gives for a process that SIGPIPE ended. */
  unread: 141,
} as const;
