import * as z from 'zod/mini';
import {
  invalidDigestReason,
  invalidLabelValueReason,
  invalidRegistryReason,
  invalidRepositoryReason,
  invalidTagReason,
} from '../image/reference.ts';
import { invalidGlobReason } from '../input/glob.ts';
import { credential } from './credential.ts';
import { PLACEHOLDERS } from './placeholders.ts';
import { guard } from './schema-guard.ts';
import { mirror } from './schema-mirror.ts';
import {
  imageGlob,
  imageReference,
  key,
  namespaceName,
  notEmpty,
  objectName,
  text,
  variableName,
} from './schema-parts.ts';
import { verify } from './schema-verify.ts';

// The one description of airgap.yaml: the types, the validation, the defaults and, by `npm run schema`,
// schema/airgap.schema.json all come from here. The functional zod/mini is a sixth of zod's size to load.

const placeholderPath = (value: string): string | undefined => {
  const filled = value.replace(/\{(\w*)\}/g, (whole, name) =>
    PLACEHOLDERS.some((known) => known === name) ? 'x' : whole,
  );
  const unknown = /\{[^}]*\}?/.exec(filled)?.[0];
  if (unknown)
    return `${unknown} is no placeholder; expected ${PLACEHOLDERS.map((n) => `{${n}}`).join(', ')}`;
  return invalidRepositoryReason(filled);
};

/** A server, for which people copy the whole of an address: what belongs into other keys is said. */
const serverAlone = (value: string): string | undefined => {
  const [host = '', ...folder] = value
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .split('/');
  const path = folder.join('/');
  if (path === '' || invalidRegistryReason(host) || invalidRepositoryReason(path))
    return invalidRegistryReason(value);
  return `it has a folder; write server: ${host} and path: ${path}`;
};

const registry = z.strictObject({
  server: key(
    'Host, and port where one is needed, that the nodes pull from; written as image_repository_server.',
    text(serverAlone),
  ),
  pushServer: key(
    'Host[:port] that the Job pushes to, where it differs from server. Default: server.',
    z.optional(text(serverAlone)),
  ),
  path: key(
    'Folder below the server in front of every repository. Default: none.',
    z.optional(text(invalidRepositoryReason)),
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
    text(imageGlob),
  ),
  to: key(
    'The whole repository on the local server. Placeholders: {path} the path of registry, {server} the upstream server, {repository} the upstream repository, {parent} all but its last component, {name} its last component.',
    text(placeholderPath),
  ),
});

// A component by itself passes: the plan knows its containers and says which one may be meant.
const containerKey = (value: string): string | undefined =>
  /^[A-Za-z0-9_.-]{1,128}(\/[A-Za-z0-9_.-]{1,128})?$/.test(value)
    ? undefined
    : 'expected component/container, as in the digests file';

const override = z.strictObject({
  repository: key(
    'Repository on the local server. Default: where the layout puts it.',
    z.optional(text(invalidRepositoryReason)),
  ),
  tag: key(
    'Tag that the container gets.',
    z.optional(text((value) => invalidTagReason(value) ?? invalidLabelValueReason(value))),
  ),
  digest: key('Digest that the container gets.', z.optional(text(invalidDigestReason))),
  source: key(
    'Where to copy this image from, as registry/repository:tag@digest. Default: upstream, where only repository is set; with a tag or digest of your own nothing is copied, the image must be in the registry and the Job checks that it is.',
    z.optional(text(imageReference)),
  ),
});

const extra = z.strictObject({
  name: key('What messages and reports call it: extra/name.', text(namespaceName)),
  source: key('Where it is copied from, as registry/repository:tag@digest.', text(imageReference)),
  kind: key(
    'image: of its platforms those of mirror.platforms are copied. artifact: any other OCI artifact, such as a Helm chart; it is copied whole. Default: image.',
    z._default(z.enum(['image', 'artifact']), 'image'),
  ),
});

const helm = z.strictObject({
  values: key(
    'Your own files of Helm values, relative to this file, in the order of helm -f. They are checked against the release, and lists in them that name images are repeated in the override. Default: none.',
    z._default(z.array(text(notEmpty)), []),
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

/** The whole of airgap.yaml. */
export const configSchema = z.strictObject({
  apiVersion: key('Version of this format.', z.literal('ess-airgap/v1')),
  digests: key(
    "The release's images_digests.yml, relative to this file. Default: images_digests.yml.",
    z._default(text(notEmpty), 'images_digests.yml'),
  ),
  namespace: key(
    'Namespace of the ElementDeployment, or of the Helm release. Default: element-onprem.',
    z._default(text(namespaceName), 'element-onprem'),
  ),
  registry: key('The local registry.', registry),
  exclude: key(
    'Components, or component/container, that are left out: their images are not copied, and the ConfigMap does not name them; globs. Default: none.',
    z._default(z.array(text(invalidGlobReason)), []),
  ),
  copyOnly: key(
    'Components, or component/container, whose images are copied and that the ConfigMap does not name, because they are configured elsewhere: the operator and updater in their Helm values, PostgreSQL in a chart of its own; globs. Default: none.',
    z._default(z.array(text(invalidGlobReason)), []),
  ),
  rules: key(
    'Exceptions to the layout; the first that matches wins. Default: none.',
    z._default(z.array(rule), []),
  ),
  overrides: key(
    'The last word for single containers, by component/container. Default: none.',
    z._default(z.record(text(containerKey), override), {}),
  ),
  extra: key(
    'Images and other OCI artifacts that are copied, verified and bundled with the release, though it does not name them. Default: none.',
    z._default(z.array(extra), []),
  ),
  helm: key(
    'ESS Helm only: how you install the chart. Default: nothing is known about it.',
    z.optional(helm),
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
  guard: key(
    'The admission policy that makes the cluster itself refuse images which are not in the plan; needs Kubernetes 1.30. Default: none.',
    z._default(guard, { mode: 'off', covers: 'images', allow: [] }),
  ),
  verify: key(
    'Who must have signed the images; ess-airgap lock and ess-airgap signatures check it. Default: nothing is checked.',
    z.optional(verify),
  ),
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
export type Config = z.output<typeof configSchema> & {
  /** What its relative paths are relative to: the folder of the file, or the working directory. */
  readonly folder: string;
};
/** airgap.yaml as people write it. */
export type ConfigInput = z.input<typeof configSchema>;
export type MirrorConfig = NonNullable<Config['mirror']>;
export type MirrorAuth = MirrorConfig['auth'][number];
export type PullSecretConfig = NonNullable<Config['pullSecret']>;
