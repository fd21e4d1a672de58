import { createHash } from 'node:crypto';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A registry that has the referrers API (OCI distribution specification 1.1, "Listing Referrers"). */
export interface ReferrersApi {
  /** `127.0.0.1:PORT`. */
  server: string;
  stop(): Promise<void>;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}

interface Manifest {
  mediaType?: string;
  artifactType?: string;
  config?: { mediaType: string };
  annotations?: Record<string, string>;
  subject?: { digest: string };
}

const INDEX = 'application/vnd.oci.image.index.v1+json';

/**
 * Puts the API before a registry that lacks it: it takes note of every manifest with a subject that is pushed through it.
 * No registry that has the API could be installed here.
 */
export async function startReferrersApi(registry: string): Promise<ReferrersApi> {
  const referrers = new Map<string, Map<string, Descriptor>>();
  const server = http.createServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const body = await buffer(request);
    const asked = /^\/v2\/(.+)\/referrers\/(sha256:[0-9a-f]{64})/.exec(url);
    if (method === 'GET' && asked) {
      const list = [...(referrers.get(`${asked[1]}@${asked[2]}`)?.values() ?? [])];
      const type = new URL(url, 'http://localhost').searchParams.get('artifactType');
      const manifests = list.filter(({ artifactType }) => !type || artifactType === type);
      response.writeHead(200, {
        'content-type': INDEX,
        ...(type && { 'oci-filters-applied': 'artifactType' }),
      });
      response.end(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
      return;
    }
    const [host, port] = registry.split(':');
    const outgoing = http.request(
      // Locations of uploads must lead back to here.
      { host, port, method, path: url, headers: { ...headers, host: headers.host ?? registry } },
      async (answer) => {
        const pushed = /^\/v2\/(.+)\/manifests\//.exec(url);
        const subject =
          method === 'PUT' && pushed && answer.statusCode === 201 && note(pushed[1] ?? '', body);
        const text = await buffer(answer);
        response.writeHead(answer.statusCode ?? 502, {
          ...answer.headers,
          ...(subject && { 'oci-subject': subject }),
        });
        response.end(text);
      },
    );
    outgoing.on('error', () => response.destroy()).end(body);
  });

  function note(repository: string, body: Buffer): string | undefined {
    const manifest = JSON.parse(body.toString()) as Manifest;
    const { subject, config, annotations } = manifest;
    if (!subject) return undefined;
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    const artifactType = manifest.artifactType ?? config?.mediaType;
    const key = `${repository}@${subject.digest}`;
    const list = referrers.get(key) ?? new Map<string, Descriptor>();
    list.set(digest, {
      mediaType: manifest.mediaType ?? 'application/vnd.oci.image.manifest.v1+json',
      digest,
      size: body.length,
      ...(artifactType && { artifactType }),
      ...(annotations && { annotations }),
    });
    referrers.set(key, list);
    return subject.digest;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    server: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
