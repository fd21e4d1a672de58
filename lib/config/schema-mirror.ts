import { isIP } from 'node:net';
import * as z from 'zod/mini';
import { invalidHostReason, invalidRepositoryReason } from '../image/reference.ts';
import { credential } from './credential.ts';
import {
  count,
  imageReference,
  imageServer,
  key,
  namespaceName,
  objectName,
  text,
  variableName,
} from './schema-parts.ts';
import { pod } from './schema-pod.ts';

// The part of airgap.yaml that is about the Job: see schema.ts.

const credentialServer = (value: string): string | undefined => {
  const slash = value.includes('://') ? -1 : value.indexOf('/');
  if (slash < 0) return imageServer(value);
  return imageServer(value.slice(0, slash)) ?? invalidRepositoryReason(value.slice(slash + 1));
};

const proxyUrl = (value: string): string | undefined => {
  if (value.includes('@'))
    return 'a proxy that wants credentials is not supported: they would be read by all who read the Job';
  const host = /^https?:\/\/([^/?#]+)\/?$/.exec(value)?.[1];
  return host === undefined ? 'expected http://host:port or https://host:port' : invalidHostReason(host);
};
const noProxyEntry = (value: string): string | undefined =>
  /^[A-Za-z0-9.:/*[\]-]+$/.test(value)
    ? undefined
    : 'expected a host, a .domain or a network such as 10.0.0.0/8';
const kubernetesMinor = (value: string): string | undefined =>
  /^1\.(2[89]|[3-9]\d)$/.test(value)
    ? undefined
    : 'expected the version of the cluster, 1.28 or later, such as 1.31';
const fileKey = (value: string): string | undefined =>
  /^(?!\.\.)[-._a-zA-Z0-9]{1,253}$/.test(value) ? undefined : 'expected a key such as ca.crt';

/** The architectures of Go's ports to Linux, by which an index names its platforms (OCI image specification). */
const ARCHITECTURES = ['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips64le', 'ppc64le', 'riscv64', 's390x'];
const PLATFORM = new RegExp(`^linux/(${ARCHITECTURES.join('|')})(/v\\d+)?$`);
const platform = (value: string): string | undefined =>
  PLATFORM.test(value)
    ? undefined
    : `expected linux/ and one of ${ARCHITECTURES.join(', ')}, with a variant if need be, such as linux/arm/v7`;

const cidr = (value: string): string | undefined => {
  const [address = '', bits = ''] = value.split(/\/(?=\d{1,3}$)/);
  const most = { 4: 32, 6: 128 }[isIP(address)];
  return most !== undefined && bits !== '' && Number(bits) <= most
    ? undefined
    : 'expected a network such as 10.0.0.0/8 or 2001:db8::/32';
};
/** A list that is not empty. */
function atLeastOne<S extends z.ZodMiniType>(schema: S) {
  return z.array(schema).check(
    z.check((context) => {
      if (context.value.length > 0) return;
      context.issues.push({ code: 'custom', message: 'expected one at least', input: context.value });
    }),
  );
}

const mirrorAuth = credential(
  {
    server: key(
      'Server that the credential is for: host[:port], or host/path for a part of it.',
      text(credentialServer),
    ),
    sharedWithNodes: key(
      'true: the nodes hold this credential too, it is the one of the pull Secret. Without this word, giving it to the Job is an error. Default: false.',
      z._default(z.boolean(), false),
    ),
  },
  {
    usernameEnv: key('Environment variable that holds the user name.', text(variableName)),
    passwordEnv: key('Environment variable that holds the password or token.', text(variableName)),
  },
  { name: key('Name of the Secret, in the namespace of the mirror.', text(objectName)) },
);

/** The key `mirror`. */
export const mirror = z.strictObject({
  namespace: key(
    'Namespace of the Job; created unless it is the namespace of the deployment. Default: ess-mirror.',
    z._default(text(namespaceName), 'ess-mirror'),
  ),
  image: key(
    'Image with skopeo and a POSIX shell that the Job runs; pin it by digest.',
    text(imageReference),
  ),
  auth: key(
    'Credentials for upstream registries and for the push. Default: none, every registry is open.',
    z._default(z.array(mirrorAuth), []),
  ),
  mode: key(
    'copy: bring what is missing. verify: copy nothing; the Job succeeds if every image is there. Default: copy.',
    z._default(z.enum(['copy', 'verify']), 'copy'),
  ),
  parallel: key('How many images a pod copies at once. Default: 4.', z._default(count(1, 32), 4)),
  shards: key(
    'How many pods share the images; more than one makes an Indexed Job. Default: 1.',
    z._default(count(1, 100), 1),
  ),
  kubernetesVersion: key(
    'Version of the cluster, 1.N. From 1.29 on each shard has retries of its own; in an older cluster a shard that cannot succeed uses up the tries of all, and the cluster must be named here, or its API server refuses a Job with several shards. Default: 1.29.',
    z._default(text(kubernetesMinor), '1.29'),
  ),
  platforms: key(
    'all, or a list such as [linux/amd64, linux/arm64]: only these are copied, and the tags say so. The index keeps its digest, so the registry must take one of which the rest is missing; most refuse. Default: all.',
    z._default(z.union([z.literal('all'), atLeastOne(text(platform))]), 'all'),
  ),
  artifacts: key(
    'The signatures, attestations and SBOMs of images that the Job copies with them, as ess-airgap lock wrote them into the digests file. signatures: signatures only. Default: all.',
    z._default(z.enum(['all', 'signatures', 'none']), 'all'),
  ),
  caBundle: key(
    'Certificates to trust besides those of the image, PEM; for every server. Default: none.',
    z.optional(
      z.strictObject({
        source: key('What holds them, in the namespace of the mirror.', z.enum(['configMap', 'secret'])),
        name: key('Name of the ConfigMap or Secret.', text(objectName)),
        key: key('Key in it. Default: ca.crt.', z._default(text(fileKey), 'ca.crt')),
      }),
    ),
  ),
  clientCertificates: key(
    'Certificates to show to servers that ask for one. Default: none.',
    z._default(
      z.array(
        z.strictObject({
          server: key('The server: host[:port].', text(imageServer)),
          name: key(
            'Name of a Secret of type kubernetes.io/tls in the namespace of the mirror.',
            text(objectName),
          ),
        }),
      ),
      [],
    ),
  ),
  proxy: key(
    'HTTP proxy between the Job and the registries. Default: none.',
    z.optional(
      z.strictObject({
        url: key('http://host:port, without credentials.', text(proxyUrl)),
        noProxy: key(
          'Hosts, .domains and networks that are reached without it; mostly the local registry. Default: none.',
          z._default(z.array(text(noProxyEntry)), []),
        ),
      }),
    ),
  ),
  egressPorts: key(
    'TCP ports that the NetworkPolicy opens besides those of the servers: a registry inside of the cluster is reached at the port of its pod, not of its Service. Default: none.',
    z._default(z.array(count(1, 65535)), []),
  ),
  egressCidrs: key(
    'Networks, such as 10.20.0.0/16, that the registries and the proxy are in: the NetworkPolicy lets the pods connect to no other address, except to name servers. Default: any address.',
    z._default(z.array(text(cidr)), []),
  ),
  rateLimits: key(
    'Manifest requests that an upstream server answers before it refuses more, by server. Default: what is known of docker.io.',
    z._default(z.record(text(imageServer), count(1, 1_000_000_000)), {}),
  ),
  insecure: key(
    'Servers that may be spoken to over plain HTTP or with a certificate that nobody checks. Default: none.',
    z._default(z.array(text(imageServer)), []),
  ),
  ...pod,
});
