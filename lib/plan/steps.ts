/** A sentence, and the commands that it introduces. */
export interface Instruction {
  readonly text: string;
  readonly commands?: readonly string[];
}

/** One thing to do. */
export type Step = readonly Instruction[];
