import type { Config } from '../config/schema.ts';
import { InputError } from '../input/problem.ts';

/** Throws an InputError if the registry of a configuration is a pull-through cache, which accepts no pushes. */
export function assertPushable({ registry }: Config): void {
  if (!registry.pullThrough) return;
  throw new InputError([
    {
      message: `registry.pullThrough is true: ${registry.server} fetches images itself and does not accept pushes`,
      hint: 'There is nothing to copy. To check that it serves every image, use the command verify.',
    },
  ]);
}
