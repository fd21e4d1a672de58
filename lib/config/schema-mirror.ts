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

// The schema of the key mirror: see schema.ts.

const credentialServer = (value: string): string | undefined => {
  const slash = value.includes('://') ? -1 : value.indexOf('/');
  if (slash < 0) return imageServer(value);
  return imageServer(value.slice(0, slash)) ?? invalidRepositoryReason(value.slice(slash + 1));
};

const proxyUrl = (value: string): string | undefined => {
  if (value.includes('@'))
    return 'a proxy with credentials is not supported: everybody who can read the Job could read them';
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
    : 'expected the Kubernetes version of the cluster, 1.28 or later, such as 1.31';
const fileKey = (value: string): string | undefined =>
  /^(?!\.\.)[-._a-zA-Z0-9]{1,253}$/.test(value) ? undefined : 'expected a key such as ca.crt';

/** The architectures of Go on Linux. The OCI image specification uses these names for platforms. */
const ARCHITECTURES = ['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips64le', 'ppc64le', 'riscv64', 's390x'];
const PLATFORM = new RegExp(`^linux/(${ARCHITECTURES.join('|')})(/v\\d+)?$`);
const platform = (value: string): string | undefined =>
  PLATFORM.test(value)
    ? undefined
    : `expected linux/ and one of ${ARCHITECTURES.join(', ')}, with an optional variant, such as linux/arm/v7`;

const cidr = (value: string): string | undefined => {
  const [address = '', bits = ''] = value.split(/\/(?=\d{1,3}$)/);
  const most = { 4: 32, 6: 128 }[isIP(address)];
  return most !== undefined && bits !== '' && Number(bits) <= most
    ? undefined
    : 'expected a network such as 10.0.0.0/8 or 2001:db8::/32';
};
/** Validates that a list is not empty. */
function atLeastOne<S extends z.ZodMiniType>(schema: S) {
  return z.array(schema).check(
    z.check((context) => {
      if (context.value.length > 0) return;
      context.issues.push({ code: 'custom', message: 'expected at least one entry', input: context.value });
    }),
  );
}

const mirrorAuth = credential(
  {
    server: key(
      'Server that the credential is for: host[:port], or host/path for repositories below a path.',
      text(credentialServer),
    ),
    sharedWithNodes: key(
      'true: this is also the credential of the pull Secret, which every node holds. Without this setting, using one credential for both is an error. Default: false.',
      z._default(z.boolean(), false),
    ),
  },
  {
    usernameEnv: key('Environment variable with the user name.', text(variableName)),
    passwordEnv: key('Environment variable with the password or token.', text(variableName)),
  },
  { name: key('Name of the Secret, in the namespace of the mirror.', text(objectName)) },
);

/** The key `mirror`. */
export const mirror = z.strictObject({
  namespace: key(
    'Namespace of the Job. It is created unless it is the namespace of the deployment. Default: ess-mirror.',
    z._default(text(namespaceName), 'ess-mirror'),
  ),
  image: key('Image of the Job. It needs skopeo and a POSIX shell. Pin it by digest.', text(imageReference)),
  auth: key(
    'Credentials for the upstream registries and for the push. Default: none, all registries allow anonymous access.',
    z._default(z.array(mirrorAuth), []),
  ),
  mode: key(
    'copy: copy the images that are missing. verify: copy nothing; the Job succeeds if every image is in the registry. Default: copy.',
    z._default(z.enum(['copy', 'verify']), 'copy'),
  ),
  parallel: key(
    'Number of images that a pod copies at the same time. Default: 4.',
    z._default(count(1, 32), 4),
  ),
  shards: key(
    'Number of pods that share the work. More than one makes the Job an Indexed Job. Default: 1.',
    z._default(count(1, 100), 1),
  ),
  kubernetesVersion: key(
    'Kubernetes version of the cluster, 1.N. Since 1.29 each shard has its own retries. Set this key if your cluster is older and shards is more than 1; otherwise its API server rejects the Job. In an older cluster, one shard that keeps failing uses up the retries of all. Default: 1.29.',
    z._default(text(kubernetesMinor), '1.29'),
  ),
  platforms: key(
    'all, or a list such as [linux/amd64, linux/arm64]. With a list only these platforms are copied, and the tags name them. The index keeps its digest, so the registry must accept an index with missing manifests; most registries reject it. Default: all.',
    z._default(z.union([z.literal('all'), atLeastOne(text(platform))]), 'all'),
  ),
  artifacts: key(
    'The signatures, attestations and SBOMs of images that the Job copies with them, as ess-airgap lock wrote them into the digests file. signatures: signatures only. Default: all.',
    z._default(z.enum(['all', 'signatures', 'none']), 'all'),
  ),
  caBundle: key(
    'CA certificates (PEM) to trust for every server, in addition to those of the Job image. Default: none.',
    z.optional(
      z.strictObject({
        source: key(
          'Kind of the object with the certificates, in the namespace of the mirror.',
          z.enum(['configMap', 'secret']),
        ),
        name: key('Name of the ConfigMap or Secret.', text(objectName)),
        key: key('Key in the ConfigMap or Secret. Default: ca.crt.', z._default(text(fileKey), 'ca.crt')),
      }),
    ),
  ),
  clientCertificates: key(
    'Client certificates for servers that ask for one. Default: none.',
    z._default(
      z.array(
        z.strictObject({
          server: key('Server that asks for the certificate: host[:port].', text(imageServer)),
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
          'Hosts, .domains and networks that are reached without the proxy, usually the local registry. Default: none.',
          z._default(z.array(text(noProxyEntry)), []),
        ),
      }),
    ),
  ),
  egressPorts: key(
    'TCP ports that the NetworkPolicy allows in addition to those of the servers. A registry inside the cluster is reached at the port of its pod, not of its Service. Default: none.',
    z._default(z.array(count(1, 65535)), []),
  ),
  egressCidrs: key(
    'Networks of the registries and the proxy, such as 10.20.0.0/16. The NetworkPolicy then allows connections to these networks and to name servers only. Default: any address.',
    z._default(z.array(text(cidr)), []),
  ),
  rateLimits: key(
    'Number of manifest requests that an upstream server allows within its rate limit window, by server. Default: the known limit of docker.io.',
    z._default(z.record(text(imageServer), count(1, 1_000_000_000)), {}),
  ),
  insecure: key(
    'Servers that are used over plain HTTP or without checking their certificate. Default: none.',
    z._default(z.array(text(imageServer)), []),
  ),
  ...pod,
});
