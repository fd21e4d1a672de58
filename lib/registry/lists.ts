import { repositoryName } from '../image/reference.ts';
import { discard, type HttpResponse, readBody } from './body.ts';
import { RegistryError } from './error.ts';
import { type Deadline, MAX_BYTES, MAX_ENTRIES, MAX_PAGES } from './limits.ts';
import type { Repository, Transport } from './transport.ts';

/** One page of a list. */
export interface Page {
  readonly value: unknown;
  readonly response: HttpResponse;
}

/**
 * The pages of a list, one after the other (OCI distribution specification, "Listing Tags": the header Link).
 *
 * @param first path of the first page, behind the repository
 * @param isAbsent whether the answer to the first page means that there is no such list
 * @returns undefined if there is none
 * @throws RegistryError also for a list that does not end
 */
export async function readPages(
  transport: Transport,
  image: Repository,
  first: string,
  deadline: Deadline,
  isAbsent: (response: HttpResponse) => boolean,
): Promise<Page[] | undefined> {
  const name = `${repositoryName(image)} ${first.replace(/\?.*/, '')}`;
  const wrong = (what: string): RegistryError => new RegistryError('unexpected', `${name}: ${what}`);
  const pages: Page[] = [];
  const seen = new Set<string>();
  let path = first;
  for (;;) {
    const response = await transport.send(image, path, deadline, { headers: { accept: LIST_TYPES } });
    if (pages.length === 0 && isAbsent(response)) {
      await discard(response);
      return undefined;
    }
    if (response.statusCode !== 200) throw await transport.unexpected(response, image.registry, name);
    const bytes = await readBody(response, MAX_BYTES.page, name);
    transport.assertNoEcho(bytes, name);
    pages.push({ value: parse(bytes, wrong), response });
    const next = linkToNext(response.headers.link, image, first);
    if (next === undefined) return pages;
    if (seen.has(next)) throw wrong('the registry serves the same page of the list again');
    if (pages.length === MAX_PAGES) throw wrong(`the list has more than ${MAX_PAGES} pages`);
    seen.add(next);
    path = next;
  }
}

const LIST_TYPES = 'application/vnd.oci.image.index.v1+json, application/json';

function parse(bytes: Buffer, wrong: (what: string) => RegistryError): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw wrong('the answer is not JSON');
  }
}

/**
 * The path that `<target>; rel="next"` names (RFC 8288). Only the path: the next page is asked of the same server, and
 * registries behind a reverse proxy do not always know their own name.
 */
function linkToNext(
  header: string | string[] | undefined,
  image: Repository,
  first: string,
): string | undefined {
  const text = typeof header === 'string' ? header : header?.[0];
  const target = /^\s*<([^<>]*)>\s*;\s*rel="?next"?/.exec(text ?? '')?.[1];
  const asked = `http://registry.invalid/v2/${image.repository}/${first}`;
  if (target === undefined || !URL.canParse(target, asked)) return undefined;
  const { pathname, search } = new URL(target, asked);
  return `${pathname}${search}`;
}

/**
 * All tags of a repository.
 *
 * @returns undefined if there is no such repository
 */
export async function readTags(
  transport: Transport,
  image: Repository,
  deadline: Deadline,
): Promise<string[] | undefined> {
  const pages = await readPages(
    transport,
    image,
    'tags/list?n=1000',
    deadline,
    ({ statusCode }) => statusCode === 404,
  );
  const tags = pages?.flatMap(({ value }) => {
    const list = (value as { tags?: unknown } | null)?.tags ?? [];
    const isTags = Array.isArray(list) && list.every((tag) => typeof tag === 'string' && TAG.test(tag));
    if (isTags) return list as string[];
    throw new RegistryError(
      'unexpected',
      `${repositoryName(image)}: the registry lists something that is not a tag`,
    );
  });
  assertFew(tags?.length ?? 0, `${repositoryName(image)}: tags`);
  return tags;
}

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** @throws RegistryError for a list of more entries than anything in the field has */
export function assertFew(entries: number, name: string): void {
  if (entries > MAX_ENTRIES)
    throw new RegistryError('unexpected', `${name}: there are more than ${MAX_ENTRIES}`);
}
