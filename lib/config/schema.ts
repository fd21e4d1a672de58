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

// The single description of airgap.yaml. The types, the validation, the defaults and (with `npm run schema`)
// schema/airgap.schema.json come from here. zod/mini takes a sixth of the time that zod takes to load.

const placeholderPath = (value: string): string | undefined => {
  const filled = value.replace(/\{(\w*)\}/g, (whole, name) =>
    PLACEHOLDERS.some((known) => known === name) ? 'x' : whole,
  );
  const unknown = /\{[^}]*\}?/.exec(filled)?.[0];
  if (unknown)
    return `${unknown} is not a placeholder; expected ${PLACEHOLDERS.map((n) => `{${n}}`).join(', ')}`;
  return invalidRepositoryReason(filled);
};

/** Validates a server. People paste whole addresses here: the message says which part belongs in which key. */
const serverAlone = (value: string): string | undefined => {
  const [host = '', ...folder] = value
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .split('/');
  const path = folder.join('/');
  if (path === '' || invalidRegistryReason(host) || invalidRepositoryReason(path))
    return invalidRegistryReason(value);
  return `it includes a path; write server: ${host} and path: ${path}`;
};

const registry = z.strictObject({
  server: key(
    'Host and, if needed, port of the registry that the nodes pull from. It is written as image_repository_server.',
    text(serverAlone),
  ),
  pushServer: key(
    'host[:port] that images are pushed to, if it differs from server. Default: server.',
    z.optional(text(serverAlone)),
  ),
  path: key(
    'Path on the server that every repository is below. Default: none.',
    z.optional(text(invalidRepositoryReason)),
  ),
  layout: key(
    'Name of each repository below path. preserve: the upstream name. by-server: the upstream name below the name of the upstream server. flat: only the last component of the upstream name. Default: preserve.',
    z._default(z.enum(['preserve', 'by-server', 'flat']), 'preserve'),
  ),
  profile: key(
    'Registry product. Its naming rules are checked before anything is pushed. Default: generic.',
    z._default(
      z.enum(['generic', 'harbor', 'artifactory', 'nexus', 'gitlab', 'ecr', 'zot', 'distribution']),
      'generic',
    ),
  ),
  pullThrough: key(
    'true: the registry is a pull-through cache. It fetches images itself and does not accept pushes, so mirror must not be set. Default: false.',
    z._default(z.boolean(), false),
  ),
});

const rule = z.strictObject({
  match: key(
    'Glob over the upstream server/repository. * matches within one path component, ** across components.',
    text(imageGlob),
  ),
  to: key(
    'Full repository on the local server. Placeholders: {path} is registry.path, {server} the upstream server, {repository} the upstream repository, {parent} the upstream repository without its last component, {name} its last component.',
    text(placeholderPath),
  ),
});

// A component alone is accepted here: the plan knows its containers and reports which one may be meant.
const containerKey = (value: string): string | undefined =>
  /^[A-Za-z0-9_.-]{1,128}(\/[A-Za-z0-9_.-]{1,128})?$/.test(value)
    ? undefined
    : 'expected component/container, as in the digests file';

const override = z.strictObject({
  repository: key(
    'Repository on the local server. Default: the repository that registry.layout gives.',
    z.optional(text(invalidRepositoryReason)),
  ),
  tag: key(
    'Tag that the container runs.',
    z.optional(text((value) => invalidTagReason(value) ?? invalidLabelValueReason(value))),
  ),
  digest: key('Digest that the container runs.', z.optional(text(invalidDigestReason))),
  source: key(
    'Image to copy, as registry/repository:tag@digest. Default: the upstream image if only repository is set. If you set a tag or digest without a source, nothing is copied: you push the image yourself, and the Job checks that it is in the registry.',
    z.optional(text(imageReference)),
  ),
});

const extra = z.strictObject({
  name: key('Name in messages and reports, shown as extra/name.', text(namespaceName)),
  source: key('Image or artifact to copy, as registry/repository:tag@digest.', text(imageReference)),
  kind: key(
    'image: the platforms in mirror.platforms are copied. artifact: any other OCI artifact, such as a Helm chart, which is copied as a whole. Default: image.',
    z._default(z.enum(['image', 'artifact']), 'image'),
  ),
});

const helm = z.strictObject({
  values: key(
    'Your Helm values files, relative to this file, in the order of helm -f. They are checked against the release. Lists in them that name images are repeated in the override, because Helm replaces lists as a whole. Default: none.',
    z._default(z.array(text(notEmpty)), []),
  ),
});

const pullSecret = credential(
  { name: key('Name of the pull Secret, in the namespace of the deployment.', text(objectName)) },
  {
    usernameEnv: key(
      'Environment variable with the user name. Default: ESS_AIRGAP_PULL_USERNAME.',
      z._default(text(variableName), 'ESS_AIRGAP_PULL_USERNAME'),
    ),
    passwordEnv: key(
      'Environment variable with the password. Default: ESS_AIRGAP_PULL_PASSWORD.',
      z._default(text(variableName), 'ESS_AIRGAP_PULL_PASSWORD'),
    ),
  },
  {},
);

/** The schema of airgap.yaml. */
export const configSchema = z.strictObject({
  apiVersion: key('Version of the file format.', z.literal('ess-airgap/v1')),
  digests: key(
    "Path of the release's images_digests.yml, relative to this file. Default: images_digests.yml.",
    z._default(text(notEmpty), 'images_digests.yml'),
  ),
  namespace: key(
    'Namespace of the ElementDeployment, or of the Helm release. Default: element-onprem.',
    z._default(text(namespaceName), 'element-onprem'),
  ),
  registry: key('The local registry.', registry),
  exclude: key(
    'Globs over components or component/container. Matching containers are left out: their images are not copied, and the ConfigMap does not list them. Default: none.',
    z._default(z.array(text(invalidGlobReason)), []),
  ),
  copyOnly: key(
    'Globs over components or component/container. The images of matching containers are copied, but the ConfigMap does not list them, because they are configured elsewhere: for example the operator and updater in their Helm values, or PostgreSQL in its own chart. Default: none.',
    z._default(z.array(text(invalidGlobReason)), []),
  ),
  rules: key(
    'Exceptions to the layout. The first matching rule applies. Default: none.',
    z._default(z.array(rule), []),
  ),
  overrides: key(
    'Settings for single containers, by component/container. They take precedence over rules and the layout. Default: none.',
    z._default(z.record(text(containerKey), override), {}),
  ),
  extra: key(
    'Images and other OCI artifacts that are copied, verified and bundled in addition to those of the release. Default: none.',
    z._default(z.array(extra), []),
  ),
  helm: key(
    'How you install the chart (ESS Helm only). Default: none, your values are not checked.',
    z.optional(helm),
  ),
  pin: key(
    'digest: containers run images by digest. tag: by tag (image_digest is ""), and the image is pulled at each start. Default: digest.',
    z._default(z.enum(['digest', 'tag']), 'digest'),
  ),
  configMap: key(
    'The override ConfigMap.',
    z._default(
      z.strictObject({
        name: key(
          'Name of the ConfigMap. Default: ess-images-digests.',
          z._default(text(objectName), 'ess-images-digests'),
        ),
      }),
      { name: 'ess-images-digests' },
    ),
  ),
  pullSecret: key(
    'Credential with which the nodes pull from registry.server. Default: none, the registry allows anonymous pulls.',
    z.optional(pullSecret),
  ),
  mirror: key(
    'The Job that copies the images into the registry. Default: none, the images are copied in another way.',
    z.optional(mirror),
  ),
  guard: key(
    'Admission policy: the cluster rejects pods with images that are not in the plan. Needs Kubernetes 1.30 or later. Default: none.',
    z._default(guard, { mode: 'off', covers: 'images', allow: [] }),
  ),
  verify: key(
    'Required signatures of images. ess-airgap lock and ess-airgap signatures check them. Default: none, no signatures are checked.',
    z.optional(verify),
  ),
  name: key(
    'Name of this deployment, if one repository holds several. It is the prefix of the generated files (staging-ess-images.k8s.yaml). Default: none.',
    z.optional(text(namespaceName)),
  ),
  cluster: key(
    'Name of the cluster of this deployment. Deployments for the same cluster must not create the same objects. Default: none; all deployments without a name are for the same cluster.',
    z.optional(text(namespaceName)),
  ),
  gitops: key(
    'Tool that applies the manifests. They get the annotations that it needs. none: kubectl or any other tool. Default: none.',
    z._default(z.enum(['none', 'argocd', 'flux']), 'none'),
  ),
});

/** The contents of airgap.yaml with all defaults filled in. */
export type Config = z.output<typeof configSchema> & {
  /** Folder that relative paths refer to: that of the file, or the working directory. */
  readonly folder: string;
};
/** The contents of airgap.yaml as users write it. */
export type ConfigInput = z.input<typeof configSchema>;
export type MirrorConfig = NonNullable<Config['mirror']>;
export type MirrorAuth = MirrorConfig['auth'][number];
export type PullSecretConfig = NonNullable<Config['pullSecret']>;
