/** The environment of a process, as `process.env`: what reads it is given it, so that it can be given another. */
export type Environment = Readonly<Record<string, string | undefined>>;
