/**
 * The environment variables of a process, like `process.env`. Passed as a parameter so that tests can pass others.
 */
export type Environment = Readonly<Record<string, string | undefined>>;
