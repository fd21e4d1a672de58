import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fallbackTag } from '../../lib/plan/referrers-list.ts';
import { DEFAULT_LIMITS } from '../../lib/registry/limits.ts';
import { clientOf } from '../support/hostile-registry.ts';
import { makeImage, makeReferrer, makeReferrersIndex, pushImage } from '../support/images.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

const image = makeImage({ name: 'synapse' });
const signature = makeReferrer(image, 'application/vnd.dev.sigstore.bundle.v0.3+json', '{"signed":true}');
const sbom = makeReferrer(image, 'application/spdx+json', '{"sbom":true}');

let registry: Registry;
let repository: { registry: string; repository: string };
let client: ReturnType<typeof clientOf>['client'];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  registry = await startRegistry();
  repository = { registry: registry.server, repository: 'element-hq/synapse' };
  for (const tag of ['v1', 'v2', 'latest'])
    await pushImage(registry.server, repository.repository, tag, image);
  for (const referrer of [signature, sbom])
    await pushImage(registry.server, repository.repository, undefined, referrer);
  const index = makeReferrersIndex([signature, sbom]);
  await pushImage(registry.server, repository.repository, fallbackTag(image.digest), index);
  ({ client } = open(registry.server));
});
afterAll(async () => {
  for (const close of closing) await close();
  await registry?.stop();
});

function open(server: string): ReturnType<typeof clientOf> {
  const opened = clientOf(server, DEFAULT_LIMITS);
  closing.push(opened.close);
  return opened;
}

/** A server that answers as the function says. */
async function serve(
  answer: (url: URL) => { status?: number; headers?: http.OutgoingHttpHeaders; body?: unknown },
): Promise<{ client: typeof client; image: typeof repository; asked: string[] }> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const { status = 200, headers = {}, body = {} } = answer(new URL(request.url ?? '', 'http://x'));
    asked.push(request.url ?? '');
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => server.close());
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { ...open(name), image: { ...repository, registry: name }, asked };
}

describe('tags', () => {
  test('of a repository, and of none', async () => {
    expect((await client.tags(repository))?.sort()).toEqual(
      ['latest', fallbackTag(image.digest), 'v1', 'v2'].sort(),
    );
    expect(await client.tags({ ...repository, repository: 'nowhere' })).toBeUndefined();
  });

  test('of several pages, by a link with a path or with another name of the server', async () => {
    const pages: Record<string, [tags: string[], link?: string]> = {
      '?n=1000': [['a'], '</v2/element-hq/synapse/tags/list?n=1000&last=a>; rel="next"'],
      '?n=1000&last=a': [['b'], '<http://inside.invalid/v2/element-hq/synapse/tags/list?last=b>; rel="next"'],
      '?last=b': [['c']],
    };
    const { client, image } = await serve(({ search }) => {
      const [tags, link] = pages[search] ?? [null];
      return { headers: { ...(link && { link }) }, body: { name: 'x', tags } };
    });
    expect(await client.tags(image)).toEqual(['a', 'b', 'c']);
  });
});

describe('referrers', () => {
  const of = (referrer: typeof sbom) => ({
    mediaType: referrer.mediaType,
    digest: referrer.digest,
    size: referrer.size,
    artifactType: referrer.name,
  });

  test('of a registry without the API, by the fallback tag', async () => {
    const found = await client.referrers(repository, image.digest);
    expect(found).toEqual({
      from: 'tag',
      fallback: makeReferrersIndex([signature, sbom]).digest,
      descriptors: [of(signature), of(sbom)],
    });
  });

  test('of one type', async () => {
    const found = await client.referrers(repository, image.digest, 'application/spdx+json');
    expect(found.descriptors).toEqual([of(sbom)]);
  });

  test('of a digest that nothing refers to', async () => {
    const [child] = image.manifests;
    expect(await client.referrers(repository, child?.digest ?? '')).toEqual({ from: 'tag', descriptors: [] });
  });

  const index = (...manifests: object[]) => ({
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json; charset=utf-8' },
    body: { schemaVersion: 2, manifests },
  });

  test('by the API: several pages, a filter that the registry ignores, the same one twice', async () => {
    const {
      client,
      image: other,
      asked,
    } = await serve(({ pathname, searchParams }) => {
      if (!pathname.includes('/referrers/')) return { status: 404 };
      if (searchParams.has('page')) return index(of(sbom), of(signature));
      const page = index(of(signature));
      return { ...page, headers: { ...page.headers, link: `<${pathname}?page=2>; rel="next"` } };
    });
    const found = await client.referrers(other, image.digest, 'application/spdx+json');
    expect(found).toEqual({ from: 'api', descriptors: [of(sbom)] });
    expect(asked).toContain(
      `/v2/element-hq/synapse/referrers/${image.digest}?artifactType=application%2Fspdx%2Bjson`,
    );
    expect((await client.referrers(other, image.digest)).descriptors).toEqual([of(signature), of(sbom)]);
  });

  test('by the API: nothing, which is not the same as no API', async () => {
    const {
      client,
      image: other,
      asked,
    } = await serve(() => ({ ...index(), body: { schemaVersion: 2, manifests: null } }));
    expect(await client.referrers(other, image.digest)).toEqual({ from: 'api', descriptors: [] });
    expect(asked.filter((path) => path.includes('manifests'))).toEqual([]);
  });

  test.each([
    ['404', { status: 404 }],
    ['405', { status: 405 }],
    ['a web page', { headers: { 'content-type': 'text/html' } }],
  ])('%s instead of the API means the fallback tag', async (_name, answer) => {
    const {
      client,
      image: other,
      asked,
    } = await serve(({ pathname }) => (pathname.includes('/referrers/') ? answer : { status: 404 }));
    expect(await client.referrers(other, image.digest)).toEqual({ from: 'tag', descriptors: [] });
    expect(asked.at(-1)).toBe(`/v2/element-hq/synapse/manifests/${fallbackTag(image.digest)}`);
  });

  test('a refusal is not "nothing"', async () => {
    const { client, image: other } = await serve(({ pathname }) =>
      pathname.includes('/referrers/') ? { status: 403 } : {},
    );
    await expect(client.referrers(other, image.digest)).rejects.toThrow(/denies access \(403\)/);
  });
});

describe('manifests and blobs', () => {
  test('the manifest of an artifact, and its payload', async () => {
    const manifest = await client.manifest(repository, signature.digest);
    expect(manifest?.digest).toBe(signature.digest);
    const [, payload] = signature.blobs;
    const bytes = await client.readBlob(repository, payload?.digest ?? '', 1000);
    expect(bytes.toString()).toBe('{"signed":true}');
  });

  test('the media types that are asked for', async () => {
    const accepted: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      if (request.url !== '/v2/') accepted.push(request.headers.accept);
      response.end('{}');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    closing.push(() => server.close());
    const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { client } = open(name);
    await client.manifest({ ...repository, registry: name }, 'v1', {
      mediaTypes: ['application/x', 'application/y'],
    });
    expect(accepted).toEqual(['application/x, application/y']);
  });

  test('a blob that is larger than the caller takes, and one whose bytes are others', async () => {
    const [, payload] = signature.blobs;
    const digest = payload?.digest ?? '';
    await expect(client.readBlob(repository, digest, 5)).rejects.toThrow(/is larger than/);
    const { client: lied, image: other } = await serve(() => ({ body: 'other' }));
    await expect(lied.readBlob(other, digest, 1000)).rejects.toThrow(/other bytes than the digest says/);
    await expect(client.readBlob(repository, `sha256:${'0'.repeat(64)}`, 5)).rejects.toThrow(
      /does not have it \(404\)/,
    );
  });

  test('a manifest that has another digest than the one asked for', async () => {
    const { client, image: other } = await serve(() => ({
      headers: { 'docker-content-digest': signature.digest },
    }));
    await expect(client.digestOf(other, image.digest)).rejects.toThrow(
      /serves a manifest with the digest sha256:/,
    );
  });
});
