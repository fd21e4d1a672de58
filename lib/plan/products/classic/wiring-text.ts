import { renderYaml, type YamlValue } from '../../../common/yaml.ts';
import { yamlScalar } from '../../../common/yaml-scalar.ts';
import { containerName } from '../../../digests/container-image.ts';
import { formatReference } from '../../../image/reference.ts';
import { imageOf } from '../../overview.ts';
import { HELM_IMAGES, type Wiring } from './wiring.ts';

/** Returns what to configure, as text, YAML and commands. Names have no quotes and no spaces. */
export function wiringText(wiring: Wiring): string {
  return `${[...deployment(wiring), ...installer(wiring), ...helm(wiring), ...elsewhere(wiring)].join('\n')}\n`;
}

function deployment({ namespace, configMap, dockerSecret }: Wiring): string[] {
  const get = `kubectl -n ${namespace} get elementdeployments`;
  const patch = `kubectl -n ${namespace} patch elementdeployment NAME`;
  const list = '/spec/global/k8s/workloads/dockerSecrets';
  const lines = [
    '1. The ElementDeployment',
    '',
    `It is in the namespace ${namespace}. Merge this into its manifest:`,
    '',
    'spec:',
    '  global:',
    '    config:',
    `      imagesDigestsConfigMap: ${yamlScalar(configMap)}`,
  ];
  if (dockerSecret) {
    lines.push(
      '    k8s:',
      '      workloads:',
      '        dockerSecrets:  # a list: add this item, keep the others',
      `          - name: ${yamlScalar(dockerSecret.name)}`,
      `            url: ${yamlScalar(dockerSecret.url)}  # exactly image_repository_server`,
    );
  }
  lines.push(
    '',
    `Or change it on the cluster (${get} prints NAME):`,
    '',
    `${patch} --type merge -p '${JSON.stringify({ spec: { global: { config: { imagesDigestsConfigMap: configMap } } } })}'`,
  );
  if (dockerSecret) {
    const workloads = { spec: { global: { k8s: { workloads: { dockerSecrets: [dockerSecret] } } } } };
    lines.push(
      '',
      'A merge patch replaces lists as a whole. First print dockerSecrets:',
      '',
      `kubectl -n ${namespace} get elementdeployment NAME -o jsonpath='{.spec.global.k8s.workloads.dockerSecrets}'`,
      '',
      'If it has other items, append to it (this fails without changes if there is no list):',
      '',
      `${patch} --type json -p '${JSON.stringify([{ op: 'add', path: `${list}/-`, value: dockerSecret }])}'`,
      '',
      'If it printed nothing, create the list:',
      '',
      `${patch} --type merge -p '${JSON.stringify(workloads)}'`,
      '',
      'A component with its own dockerSecrets ignores the global list: add the item there, too.',
    );
  }
  return [...lines, ''];
}

function installer({ configMap, dockerSecret, namespace }: Wiring): string[] {
  return [
    '2. Or the GUI of the installer',
    '',
    'Cluster, Advanced:',
    `- the Images Digests Config Map: ${configMap}`,
    ...(dockerSecret
      ? [`- Docker Secrets, one more entry: name ${dockerSecret.name}, URL ${dockerSecret.url}`]
      : []),
    `Create both objects in the namespace ${namespace} first.`,
    '',
  ];
}

function helm({ helm: images, dockerSecret }: Wiring): string[] {
  const missing = HELM_IMAGES.filter((value) => !images.some((image) => image.value === value));
  const lines = [
    '3. The operator and the updater',
    '',
    'The ConfigMap does not override their own images. Set these values of the Helm charts element-operator (namespace',
    'element-operator) and element-updater (namespace element-updater). repository includes the host; a digest replaces',
    'the tag.',
  ];
  if (images.length > 0) lines.push('', renderYaml(helmValues(images, dockerSecret?.name)).trimEnd());
  if (missing.length > 0) {
    lines.push(
      '',
      `Missing: ${missing.map((value) => `${value}.image`).join(', ')}.`,
      'It is not documented which containers of the digests file these are, so nothing is assumed. If you know, add',
      `--helm ${missing[0]}=component/container to this command, once for each value.`,
    );
  }
  if (dockerSecret) {
    lines.push(
      '',
      `Pods can only use a pull Secret in their own namespace: element-operator and element-updater each need ${dockerSecret.name}, too.`,
    );
  }
  return lines;
}

/** Lists the containers that neither the ConfigMap nor a Helm value above overrides. */
function elsewhere({ copyOnly, excluded }: Wiring): string[] {
  if (copyOnly.length + excluded.length === 0) return [];
  const lines = ['', '4. Containers that the ConfigMap does not list'];
  if (copyOnly.length > 0) {
    lines.push('', 'Copied (copyOnly). Configure these images in the configuration of each container:', '');
    lines.push(
      ...copyOnly.map((container) => `${containerName(container)}: ${formatReference(imageOf(container))}`),
    );
  }
  if (excluded.length > 0) {
    lines.push('', `Not copied (exclude), because you do not deploy them: ${excluded.join(', ')}.`);
  }
  return lines;
}

/** Returns what to merge into which file, for programs. docs/reference/cli.md explains the keys. */
export function wiringValue({ namespace, configMap, dockerSecret, helm, copyOnly, excluded }: Wiring) {
  return {
    namespace,
    elementDeployment: {
      spec: {
        global: {
          config: { imagesDigestsConfigMap: configMap },
          ...(dockerSecret && { k8s: { workloads: { dockerSecrets: [dockerSecret] } } }),
        },
      },
    },
    helmValues: helmValues(helm, dockerSecret?.name),
    copyOnly: copyOnly.map((container) => ({
      container: containerName(container),
      image: formatReference(imageOf(container)),
    })),
    excluded,
  };
}

/** Values of the charts, by chart: `operator.imagePullSecret`, but `crds.conversionWebhook.imagePullSecret`. */
function helmValues(
  images: Wiring['helm'],
  pullSecret: string | undefined,
): Record<string, Record<string, YamlValue>> {
  const charts: Record<string, Record<string, YamlValue>> = {};
  const imagePullSecret = pullSecret && { imagePullSecret: pullSecret };
  for (const { value, image } of images) {
    const [chart = '', container = ''] = value.split('.');
    const inside = chart === 'crds';
    charts[chart] ??= { ...(!inside && imagePullSecret) };
    charts[chart][container] = {
      ...(inside && imagePullSecret),
      image: {
        repository: `${image.server}/${image.repository}`,
        tag: image.tag,
        ...(image.digest && { digest: image.digest }),
      },
    };
  }
  return charts;
}
