import { join } from 'node:path';
import type { App } from 'cdk8s';
import { redact } from '../credentials/redact.ts';
import { EssAirgap } from '../ess-airgap.ts';
import { InputError } from '../input/problem.ts';
import { summarize } from './summary.ts';
import { type Synthesis, type SynthesizeOptions, synthesizeApp } from './synthesize.ts';

/**
 * The last line of a cdk8s app, in place of `app.synth()`: writes the same objects, but all files or none, each with a
 * comment that says what it was made of, and says on standard error what was made and what comes next. For bad input:
 * every problem on standard error, exit code 2, and the output folder as it was. Any other error is thrown.
 */
export function synthesize(app: App, options: SynthesizeOptions = {}): void {
  try {
    const synthesis = synthesizeApp(app, options);
    // cdk8s shows what an app says on standard error and swallows the rest.
    if (!options.check) process.stderr.write(redact(describeSynthesis(app, synthesis), process.env));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${redact(error.message, process.env)}\n`);
    process.exitCode = 2;
  }
}

/** What a synth made and what comes next, for the person who ran it. */
export function describeSynthesis(app: App, { folder, files }: Synthesis): string {
  const summaries = EssAirgap.allOf(app).map((deployment) =>
    summarize(
      deployment.plan,
      deployment.config,
      files.filter((file) => file.deployment === deployment).map(({ name }) => join(folder, name)),
    ),
  );
  return summaries.join('\n');
}
