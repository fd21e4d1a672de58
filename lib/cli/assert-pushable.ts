import type { Config } from '../config/schema.ts';
import { InputError } from '../input/problem.ts';

/** Throws where nothing can be pushed to the registry of a configuration. */
export function assertPushable({ registry }: Config): void {
  if (!registry.pullThrough) return;
  throw new InputError([
    {
      message: `registry.pullThrough is true: ${registry.server} fetches by itself and refuses pushes`,
      hint: 'There is nothing to copy. The command verify checks whether it has every image.',
    },
  ]);
}
