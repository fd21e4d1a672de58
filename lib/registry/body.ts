import type { Dispatcher } from 'undici';
import { RegistryError } from './error.ts';
import { interrupted } from './failure.ts';
import { MAX_BYTES } from './limits.ts';

/** An answer. Its body must be read or discarded, or its connection stays taken until the request's time is up. */
export type HttpResponse = Dispatcher.ResponseData;

/**
 * The whole body of an answer.
 *
 * @param limit the most bytes that it may have
 * @param name what it is, for messages
 * @throws RegistryError if it is larger, or ends early
 */
export async function readBody(response: HttpResponse, limit: number, name: string): Promise<Buffer> {
  const tooLarge = (): RegistryError =>
    new RegistryError('unexpected', `${name}: the answer is larger than ${formatLimit(limit)}`);
  if (Number(response.headers['content-length']) > limit) {
    response.body.destroy();
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof RegistryError ? error : interrupted(name, error);
  }
  return Buffer.concat(chunks);
}

function formatLimit(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}

/** The body as JSON. @throws RegistryError, also if it is not JSON */
export async function readJson(response: HttpResponse, limit: number, name: string): Promise<unknown> {
  const bytes = await readBody(response, limit, name);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new RegistryError('unexpected', `${name}: the answer is not JSON`);
  }
}

/** How long a body that nobody needs is waited for, so that its connection can be used again. */
const DISCARD_MS = 1000;

/** Takes a body that nobody needs off its connection, or ends the connection. */
export async function discard({ body }: HttpResponse): Promise<void> {
  const timer = setTimeout(() => body.destroy(), DISCARD_MS);
  try {
    await body.dump({ limit: MAX_BYTES.error });
  } catch {
    // The connection is gone: nothing is left to be discarded.
  } finally {
    clearTimeout(timer);
  }
}

/** What an error answer says (OCI distribution specification, "Error Codes"): `CODE: message`; empty if it says nothing. */
export async function readErrorText(response: HttpResponse): Promise<string> {
  try {
    const bytes = await readBody(response, MAX_BYTES.error, '');
    const { errors } = JSON.parse(bytes.toString('utf8')) as { errors?: unknown };
    const first = Array.isArray(errors) ? (errors[0] as Record<string, unknown> | null) : null;
    const parts = [first?.code, first?.message].filter((it) => typeof it === 'string' && it !== '');
    const text = parts.join(': ');
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  } catch {
    return '';
  }
}
