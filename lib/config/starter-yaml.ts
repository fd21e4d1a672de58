import { invalidRegistryReason, invalidRepositoryReason } from '../image/reference.ts';

/** The values that a first airgap.yaml is generated from. */
export interface Starter {
  /** The local registry: host[:port]. */
  readonly server: string;
  /** Path on the server that repositories are below. */
  readonly path?: string;
  /** The digests file, relative to airgap.yaml. */
  readonly digests: string;
  /** Upstream servers that need a credential: host[:port] or host/path. */
  readonly credentials: readonly string[];
  /** Whether ESS is installed with the Helm chart, not with the installer. */
  readonly essHelm: boolean;
}

/** The parts of the file that differ between the product lines. */
const WORDS = {
  installer: {
    digests: "The release's images_digests.yml, relative to this file.",
    namespace: 'The namespace of your ElementDeployment.',
    name: 'element-onprem',
    helm: '',
    elsewhere:
      'such as [operator, updater, postgres]. Their images\n# are copied, but the ConfigMap does not list them.',
  },
  helm: {
    digests: 'The digests file that ess-airgap lock writes, relative to this file.',
    namespace: 'The namespace that the chart is installed in.',
    name: 'ess',
    helm: `helm:
  # Your own files of Helm values, relative to this file, in the order of helm -f.
  values: []

`,
    elsewhere: 'such as [postgres]. Their images are copied, but\n# the Helm values do not list them.',
  },
} as const;

/** Parses `host[:port][/path]`. Returns a reason if the text is not valid. */
export function parseServer(text: string): Pick<Starter, 'server' | 'path'> | string {
  const slash = text.includes('://') ? -1 : text.indexOf('/');
  const server = slash < 0 ? text : text.slice(0, slash);
  const path = slash < 0 ? undefined : text.slice(slash + 1).replace(/\/$/, '');
  const wrong =
    invalidRegistryReason(server) ?? (path === undefined ? undefined : invalidRepositoryReason(path));
  return wrong ?? { server, ...(path !== undefined && { path }) };
}

/** Returns the profile that the host name of a vendor's cloud service implies. */
function profileOf(server: string): string | undefined {
  if (/\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(server)) return 'ecr';
  if (/\.jfrog\.io$/.test(server)) return 'artifactory';
  return undefined;
}

/** The skopeo image of the sample, pinned by digest. */
const SKOPEO =
  'quay.io/skopeo/stable:v1.22.3-immutable@sha256:c0ee1f4edca5c01cb8d5611124f92f3cc47196ecab68aee5d0f90834e00574d5';

/**
 * Returns a commented airgap.yaml that works unchanged: it refers to existing Secrets, so synth needs no credentials.
 */
export function renderStarter({ server, path, digests, credentials, essHelm }: Starter): string {
  const words = WORDS[essHelm ? 'helm' : 'installer'];
  const profile = profileOf(server);
  const auth = [
    ...credentials.map((server, index) => ({ server, name: `upstream-${index + 1}` })),
    { server, name: 'localregistry-push' },
  ];
  return `apiVersion: ess-airgap/v1
# ${words.digests}
digests: ${JSON.stringify(digests)}
# ${words.namespace}
namespace: ${words.name}

registry:
  # The registry that the nodes pull from: host[:port].
  server: ${JSON.stringify(server)}
  # The host that the Job pushes to, if it is another one.
  # pushServer: push.${server}
  # The path on the server that every repository is below.
  ${path === undefined ? '# path: elementdeployment' : `path: ${JSON.stringify(path)}`}
  # preserve: upstream names. by-server: upstream names below the name of their server. flat: the last component only.
  layout: preserve
  # generic, harbor, artifactory, nexus, gitlab, ecr, zot or distribution. Its naming rules are checked before a push.
  profile: ${profile ?? 'generic'}
  # true for a pull-through cache; then remove mirror below.
  pullThrough: false

${words.helm}# Components, or component/container, that you configure elsewhere, ${words.elsewhere}
copyOnly: []
# Components, or component/container, that you do not deploy. Their images are not copied.
exclude: []

# The credential with which nodes pull. existing: you create the Secret; ess-airgap init printed how. Remove this key
# if pulling needs no password.
pullSecret:
  name: localregistry
  source: existing

# The Job that copies every image. Remove it if the images are copied in another way.
mirror:
  namespace: ess-mirror
  # The cluster must be able to pull this image.
  image: ${SKOPEO}
  # One credential per server. Remove those that allow anonymous access. The Secrets are in the namespace of the mirror.
  auth:
${auth.map(({ server, name }) => `    - server: ${JSON.stringify(server)}\n      source: existing\n      name: ${name}\n`).join('')}`;
}
