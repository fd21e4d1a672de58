import { invalidRegistryReason, invalidRepositoryReason } from '../image/reference.ts';

/** What a first airgap.yaml is made of. */
export interface Starter {
  /** host[:port] of the local registry. */
  readonly server: string;
  /** Folder below the server. */
  readonly path?: string;
  /** The digests file, relative to airgap.yaml. */
  readonly digests: string;
  /** What upstream credentials are for: host[:port] or host/path. */
  readonly credentials: readonly string[];
}

/** `host[:port][/folder]`, as people copy it from their registry, or why it is not that. */
export function parseServer(text: string): Pick<Starter, 'server' | 'path'> | string {
  const slash = text.includes('://') ? -1 : text.indexOf('/');
  const server = slash < 0 ? text : text.slice(0, slash);
  const path = slash < 0 ? undefined : text.slice(slash + 1).replace(/\/$/, '');
  const wrong =
    invalidRegistryReason(server) ?? (path === undefined ? undefined : invalidRepositoryReason(path));
  return wrong ?? { server, ...(path !== undefined && { path }) };
}

/** The vendors' own host names say what a registry is; any other name says nothing. */
function profileOf(server: string): string | undefined {
  if (/\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(server)) return 'ecr';
  if (/\.jfrog\.io$/.test(server)) return 'artifactory';
  return undefined;
}

/** The skopeo that the sample runs, pinned. */
const SKOPEO =
  'quay.io/skopeo/stable:v1.22.3-immutable@sha256:c0ee1f4edca5c01cb8d5611124f92f3cc47196ecab68aee5d0f90834e00574d5';

/** A commented airgap.yaml that works as it stands: it names Secrets, so that no credential is asked for. */
export function renderStarter({ server, path, digests, credentials }: Starter): string {
  const profile = profileOf(server);
  const auth = [
    ...credentials.map((server, index) => ({ server, name: `upstream-${index + 1}` })),
    { server, name: 'localregistry-push' },
  ];
  return `apiVersion: ess-airgap/v1
# The release's images_digests.yml, relative to this file.
digests: ${JSON.stringify(digests)}
# The namespace of your ElementDeployment.
namespace: element-onprem

registry:
  # What the nodes pull from, host[:port].
  server: ${JSON.stringify(server)}
  # Where the Job pushes to, if that is another host.
  # pushServer: push.${server}
  # A folder on the server in front of every repository.
  ${path === undefined ? '# path: elementdeployment' : `path: ${JSON.stringify(path)}`}
  # preserve: as upstream. by-server: in a folder a server. flat: the last component only.
  layout: preserve
  # generic, harbor, artifactory, nexus, gitlab, ecr, zot or distribution: its rules are checked before a push.
  profile: ${profile ?? 'generic'}
  # true for a cache that fetches by itself; then remove mirror below.
  pullThrough: false

# Components, or component/container, that you configure elsewhere, such as [operator, updater, postgres]: their images
# are copied, and the ConfigMap does not name them.
copyOnly: []
# Those that you do not deploy: their images are not copied.
exclude: []

# How nodes pull. "existing": the Secret is made by somebody else, "ess-airgap init" said how. Remove it where pulling
# needs no password.
pullSecret:
  name: localregistry
  source: existing

# The Job that copies every image. Remove it where somebody else fills the registry.
mirror:
  namespace: ess-mirror
  # It must be pullable where the Job runs.
  image: ${SKOPEO}
  # One credential a server; remove what is open to everybody. The Secrets are in the namespace of the mirror.
  auth:
${auth.map(({ server, name }) => `    - server: ${JSON.stringify(server)}\n      source: existing\n      name: ${name}\n`).join('')}`;
}
