import type { k8s } from 'cdk8s-plus-28';
import { credentialFor } from '../credentials/select.ts';
import { parseReference } from '../image/reference.ts';
import { proxyVariables } from '../input/proxy.ts';
import { SCRIPT_NAME } from '../mirror/script.ts';
import type { MirrorClientCertificate } from './mirror-access.ts';
import type { MirrorConfigMap } from './mirror-files.ts';
import type { MirrorJobProps } from './mirror-job-props.ts';
import type { Plain } from './object.ts';

/** Where the pod has the script and its plan files. */
export const MIRROR_DIR = '/etc/ess-airgap';
const AUTH_DIR = '/run/secrets/ess-airgap';
const CERT_DIR = '/run/secrets/ess-airgap-certificates';
/** The folder of the certificates that are for every server that has no folder of its own; no host is named so. */
const ANY_SERVER = 'default';
const SCRATCH_DIR = '/scratch';
/** Nobody in any image: not root, and the owner of nothing. */
const USER = 65532;

/** The pod of the mirror. It passes the Pod Security Standard `restricted`. */
export function renderPod(
  props: MirrorJobProps,
  serviceAccountName: string,
  configMaps: readonly MirrorConfigMap[],
  args: readonly string[],
): Plain<k8s.PodSpec> {
  const { image, credentials = [], runAsUser = 'fixed' } = props;
  const { nodeSelector, tolerations, priorityClassName } = props;
  const volumes = renderVolumes(props, configMaps);
  const reference = parseReference(image);
  const pull = typeof reference === 'string' ? undefined : credentialFor(reference, credentials);
  return {
    restartPolicy: 'Never',
    serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(pull && { imagePullSecrets: [{ name: pull.secretName }] }),
    ...(nodeSelector && Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(tolerations && tolerations.length > 0 && { tolerations }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    securityContext: {
      runAsNonRoot: true,
      ...(runAsUser === 'fixed' && { runAsUser: USER, runAsGroup: USER, fsGroup: USER }),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'mirror',
        image,
        imagePullPolicy: 'IfNotPresent',
        command: ['/bin/sh', `${MIRROR_DIR}/${SCRIPT_NAME}`],
        args,
        env: renderEnvironment(props),
        resources: props.resources ?? defaultResources(props),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: volumes.map(({ mountPath, volume }) => ({
          name: volume.name,
          mountPath,
          ...(!volume.emptyDir && { readOnly: true }),
        })),
      },
    ],
    volumes: volumes.map(({ volume }) => volume),
  };
}

/** The scratch volume and the log count as ephemeral storage of the container. */
function defaultResources({ parallel = 4 }: MirrorJobProps): Plain<k8s.ResourceRequirements> {
  return {
    requests: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '256Mi' },
    limits: { cpu: '2', memory: `${Math.max(1, Math.ceil(parallel / 4))}Gi`, 'ephemeral-storage': '3Gi' },
  };
}

function renderEnvironment({
  mode = 'copy',
  parallel = 4,
  insecure = [],
  proxy,
  ...props
}: MirrorJobProps): Plain<k8s.EnvVar>[] {
  const variables: Record<string, string | undefined> = {
    HOME: `${SCRATCH_DIR}/home`,
    TMPDIR: `${SCRATCH_DIR}/tmp`,
    ESS_AIRGAP_MODE: mode,
    ESS_AIRGAP_PARALLEL: String(parallel),
    ESS_AIRGAP_AUTH_DIR: AUTH_DIR,
    ESS_AIRGAP_CERT_DIR: certificateSources(props).length > 0 ? CERT_DIR : undefined,
    ESS_AIRGAP_INSECURE: insecure.join(' ') || undefined,
    ...(proxy && proxyVariables(proxy)),
  };
  return Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

function renderVolumes(
  { credentials = [], ...props }: MirrorJobProps,
  configMaps: readonly MirrorConfigMap[],
): { mountPath: string; volume: Plain<k8s.Volume> }[] {
  const projected = (
    name: string,
    mountPath: string,
    sources: Plain<k8s.VolumeProjection>[],
    defaultMode?: number,
  ) => (sources.length > 0 ? [{ mountPath, volume: { name, projected: { defaultMode, sources } } }] : []);
  const secrets = [...new Set(credentials.map(({ secretName }) => secretName))];
  return [
    ...projected('mirror', MIRROR_DIR, configMaps.map(fileSource)),
    ...projected('auth', AUTH_DIR, secrets.map(authSource), 0o440),
    ...projected('certificates', CERT_DIR, certificateSources(props), 0o440),
    { mountPath: SCRATCH_DIR, volume: { name: 'scratch', emptyDir: { sizeLimit: '2Gi' } } },
  ];
}

function fileSource({ name, files }: MirrorConfigMap): Plain<k8s.VolumeProjection> {
  return { configMap: { name, items: files.map(({ key, path }) => ({ key, path })) } };
}

/** Each Secret as the folder of its name, so that the script can give an image the one that it needs. */
function authSource(name: string): Plain<k8s.VolumeProjection> {
  return { secret: { name, items: [{ key: '.dockerconfigjson', path: `${name}/config.json` }] } };
}

/**
 * Certificates as containers-certs.d(5) wants them in a folder: `*.crt` to trust, `*.cert` and `*.key` to show.
 * Who gets a client certificate has a folder of its own, so that no other server is shown it.
 */
function certificateSources({
  caBundle,
  clientCertificates = [],
}: Pick<MirrorJobProps, 'caBundle' | 'clientCertificates'>): Plain<k8s.VolumeProjection>[] {
  const trust = (folder: string): Plain<k8s.VolumeProjection>[] => {
    if (!caBundle) return [];
    const { source, name, key } = caBundle;
    return [{ [source]: { name, items: [{ key, path: `${folder}/ca.crt` }] } }];
  };
  const show = ({ server, secretName }: MirrorClientCertificate): Plain<k8s.VolumeProjection> => ({
    secret: {
      name: secretName,
      items: [
        { key: 'tls.crt', path: `${server}/client.cert` },
        { key: 'tls.key', path: `${server}/client.key` },
      ],
    },
  });
  return [
    ...trust(ANY_SERVER),
    ...clientCertificates.flatMap((certificate) => [show(certificate), ...trust(certificate.server)]),
  ];
}
