import * as z from 'zod/mini';
import {
  parseReference,
  whyNoDigest,
  whyNoLabelValue,
  whyNoRegistry,
  whyNoRepository,
  whyNoTag,
} from '../image/reference.ts';
import { credential } from './credential.ts';
import { PLACEHOLDERS } from './placeholders.ts';
import { key, namespaceName, objectName, text, variableName } from './schema-parts.ts';

// The one description of airgap.yaml: the types, the validation, the defaults and, by `npm run schema`,
// schema/airgap.schema.json all come from here. The functional zod/mini is a sixth of zod's size to load.

const placeholderPath = (value: string): string | undefined => {
  const filled = value.replace(/\{(\w*)\}/g, (whole, name) => (PLACEHOLDERS.includes(name) ? 'x' : whole));
  const unknown = /\{[^}]*\}?/.exec(filled)?.[0];
  if (unknown)
    return `${unknown} is no placeholder; expected ${PLACEHOLDERS.map((n) => `{${n}}`).join(', ')}`;
  return whyNoRepository(filled);
};
const credentialServer = (value: string): string | undefined => {
  const [host = '', ...path] = value.split('/');
  return whyNoRegistry(host) ?? (path.length > 0 ? whyNoRepository(path.join('/')) : undefined);
};
const imageReference = (value: string): string | undefined => {
  const reference = parseReference(value);
  if (typeof reference === 'string') return reference;
  return reference.tag || reference.digest ? undefined : 'it has neither a tag nor a digest';
};

const proxyUrl = (value: string): string | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.host === '' ||
    !/^\/?$/.test(url.pathname + url.search)
  ) {
    return 'expected http://host:port or https://host:port';
  }
  if (url.username || url.password)
    return 'a proxy that wants credentials is not supported: they would be read by all who read the Job';
  return undefined;
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

/** A whole number within limits. */
function count(least: number, most: number) {
  return z.number().check(
    z.check((context) => {
      const { value } = context;
      if (Number.isInteger(value) && value >= least && value <= most) return;
      const message = `expected a whole number from ${least} to ${most}`;
      context.issues.push({ code: 'custom', message, input: value });
    }),
  );
}

const registry = z.strictObject({
  server: key(
    'Host, and port where one is needed, that the nodes pull from; written as image_repository_server.',
    text(whyNoRegistry),
  ),
  pushServer: key(
    'Host[:port] that the Job pushes to, where it differs from server. Default: server.',
    z.optional(text(whyNoRegistry)),
  ),
  path: key(
    'Folder below the server in front of every repository. Default: none.',
    z.optional(text(whyNoRepository)),
  ),
  layout: key(
    'Where a repository goes below path. preserve: as upstream. by-server: in a folder named after its upstream server. flat: its last component only. Default: preserve.',
    z._default(z.enum(['preserve', 'by-server', 'flat']), 'preserve'),
  ),
  profile: key(
    'What the registry is, so that its rules are checked before anything is pushed. Default: generic.',
    z._default(
      z.enum(['generic', 'harbor', 'artifactory', 'nexus', 'gitlab', 'ecr', 'zot', 'distribution']),
      'generic',
    ),
  ),
  pullThrough: key(
    'true: the registry is a pull-through cache that fetches by itself and refuses pushes; then there is no mirror. Default: false.',
    z._default(z.boolean(), false),
  ),
});

const rule = z.strictObject({
  match: key(
    'Glob over the upstream server/repository; * stays within one path component, ** does not.',
    text((value) => (value === '' ? 'it is empty' : undefined)),
  ),
  to: key(
    'The whole repository on the local server. Placeholders: {path} the path of registry, {server} the upstream server, {repository} the upstream repository, {parent} all but its last component, {name} its last component.',
    text(placeholderPath),
  ),
});

const override = z.strictObject({
  repository: key(
    'Repository on the local server. Default: where the layout puts it.',
    z.optional(text(whyNoRepository)),
  ),
  tag: key(
    'Tag that the container gets.',
    z.optional(text((value) => whyNoTag(value) ?? whyNoLabelValue(value))),
  ),
  digest: key('Digest that the container gets.', z.optional(text(whyNoDigest))),
  source: key(
    'Where to copy this image from, as registry/repository:tag@digest. Default: upstream, where only repository is set; with a tag or digest of your own nothing is copied, the image must be in the registry and the Job checks that it is.',
    z.optional(text(imageReference)),
  ),
});

const pullSecret = credential(
  { name: key('Name of the pull Secret, in the namespace of the deployment.', text(objectName)) },
  {
    usernameEnv: key(
      'Environment variable that holds the user name. Default: ESS_AIRGAP_PULL_USERNAME.',
      z._default(text(variableName), 'ESS_AIRGAP_PULL_USERNAME'),
    ),
    passwordEnv: key(
      'Environment variable that holds the password. Default: ESS_AIRGAP_PULL_PASSWORD.',
      z._default(text(variableName), 'ESS_AIRGAP_PULL_PASSWORD'),
    ),
  },
  {},
);

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

const mirror = z.strictObject({
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
    'Version of the cluster, 1.N. From 1.29 on each shard has retries of its own. Default: 1.28.',
    z._default(text(kubernetesMinor), '1.28'),
  ),
  platforms: key(
    'Which platforms of an image are copied. Only all: fewer would change the digest, or leave an index that most registries refuse. Default: all.',
    z._default(z.enum(['all']), 'all'),
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
          server: key('The server: host[:port].', text(whyNoRegistry)),
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
  rateLimits: key(
    'Manifest requests that an upstream server answers before it refuses more, by server. Default: what is known of docker.io.',
    z._default(z.record(z.string(), count(1, 1_000_000_000)), {}),
  ),
  insecure: key(
    'Servers that may be spoken to over plain HTTP or with a certificate that nobody checks. Default: none.',
    z._default(z.array(text(whyNoRegistry)), []),
  ),
});

export const configSchema = z.strictObject({
  apiVersion: key('Version of this format.', z.literal('ess-airgap/v1')),
  digests: key(
    "The release's images_digests.yml, relative to this file. Default: images_digests.yml.",
    z._default(
      text((value) => (value === '' ? 'it is empty' : undefined)),
      'images_digests.yml',
    ),
  ),
  namespace: key(
    'Namespace of the ElementDeployment. Default: element-onprem.',
    z._default(text(namespaceName), 'element-onprem'),
  ),
  registry: key('The local registry.', registry),
  exclude: key(
    'Components, or component/container, that the ConfigMap leaves alone; globs. Default: none.',
    z._default(z.array(text((value) => (value === '' ? 'it is empty' : undefined))), []),
  ),
  rules: key(
    'Exceptions to the layout; the first that matches wins. Default: none.',
    z._default(z.array(rule), []),
  ),
  overrides: key(
    'The last word for single containers, by component/container. Default: none.',
    z._default(z.record(z.string(), override), {}),
  ),
  pin: key(
    'digest: the deployment runs images by digest. tag: by tag (image_digest ""), pulled anew at each start. Default: digest.',
    z._default(z.enum(['digest', 'tag']), 'digest'),
  ),
  configMap: key(
    'The override ConfigMap.',
    z._default(
      z.strictObject({
        name: key(
          'Its name. Default: ess-images-digests.',
          z._default(text(objectName), 'ess-images-digests'),
        ),
      }),
      { name: 'ess-images-digests' },
    ),
  ),
  pullSecret: key(
    'How nodes authenticate to server. Default: none, the registry is open.',
    z.optional(pullSecret),
  ),
  mirror: key('The Job that fills the registry. Default: none, somebody else fills it.', z.optional(mirror)),
  name: key(
    'Name of this deployment, where one repository holds several: its files begin with it (staging-ess-images.k8s.yaml). Default: none.',
    z.optional(text(namespaceName)),
  ),
  cluster: key(
    'Name of the cluster that this deployment is for. Deployments of one cluster may not make the same objects. Default: the one cluster of all that name none.',
    z.optional(text(namespaceName)),
  ),
  gitops: key(
    'What applies the manifests, so that they carry the annotations that it needs. none: kubectl, or anything else. Default: none.',
    z._default(z.enum(['none', 'argocd', 'flux']), 'none'),
  ),
});

/** airgap.yaml with every default filled in. */
export type Config = z.output<typeof configSchema>;
/** airgap.yaml as people write it. */
export type ConfigInput = z.input<typeof configSchema>;
export type MirrorConfig = NonNullable<Config['mirror']>;
export type MirrorAuth = MirrorConfig['auth'][number];
export type PullSecretConfig = NonNullable<Config['pullSecret']>;
