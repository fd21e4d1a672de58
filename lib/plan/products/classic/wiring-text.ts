import { renderYaml, type YamlValue } from '../../../common/yaml.ts';
import { yamlScalar } from '../../../common/yaml-scalar.ts';
import { containerName } from '../../../digests/container-image.ts';
import { formatReference } from '../../../image/reference.ts';
import { imageOf } from '../../overview.ts';
import { HELM_IMAGES, type Wiring } from './wiring.ts';

/** What to enter where, in words, YAML and commands. Names hold no quotes and no blanks. */
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
    `In namespace ${namespace}. In its manifest, merge this into what is there:`,
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
      '        dockerSecrets:  # a list: add the item, keep the others',
      `          - name: ${yamlScalar(dockerSecret.name)}`,
      `            url: ${yamlScalar(dockerSecret.url)}  # to the letter what image_repository_server says`,
    );
  }
  lines.push(
    '',
    `Without a manifest, on the cluster (${get} gives NAME):`,
    '',
    `${patch} --type merge -p '${JSON.stringify({ spec: { global: { config: { imagesDigestsConfigMap: configMap } } } })}'`,
  );
  if (dockerSecret) {
    const workloads = { spec: { global: { k8s: { workloads: { dockerSecrets: [dockerSecret] } } } } };
    lines.push(
      '',
      'A merge patch replaces a list as a whole. See first what dockerSecrets holds:',
      '',
      `kubectl -n ${namespace} get elementdeployment NAME -o jsonpath='{.spec.global.k8s.workloads.dockerSecrets}'`,
      '',
      'If it holds something else, append (this fails, and changes nothing, where there is no list):',
      '',
      `${patch} --type json -p '${JSON.stringify([{ op: 'add', path: `${list}/-`, value: dockerSecret }])}'`,
      '',
      'If it printed nothing, begin the list:',
      '',
      `${patch} --type merge -p '${JSON.stringify(workloads)}'`,
      '',
      'A component with dockerSecrets of its own uses these instead: add the item there too.',
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
    `Both objects must be in namespace ${namespace} first.`,
    '',
  ];
}

function helm({ helm: images, dockerSecret }: Wiring): string[] {
  const missing = HELM_IMAGES.filter((value) => !images.some((image) => image.value === value));
  const lines = [
    '3. The operator and the updater',
    '',
    'The ConfigMap does not reach their own images. These are values of the Helm charts element-operator (namespace',
    'element-operator) and element-updater (namespace element-updater). repository includes the host; a digest replaces',
    'the tag.',
  ];
  if (images.length > 0) lines.push('', renderYaml(helmValues(images, dockerSecret?.name)).trimEnd());
  if (missing.length > 0) {
    lines.push(
      '',
      `Not said: ${missing.map((value) => `${value}.image`).join(', ')}.`,
      'Which containers of the digests file these are is not documented, so nothing is assumed. If you know it, add',
      `--helm ${missing[0]}=component/container to this command, once for each value.`,
    );
  }
  if (dockerSecret) {
    lines.push(
      '',
      `A pull Secret counts in its own namespace only: element-operator and element-updater each need ${dockerSecret.name}, too.`,
    );
  }
  return lines;
}

/** What neither the ConfigMap nor a Helm value above reaches. */
function elsewhere({ copyOnly, excluded }: Wiring): string[] {
  if (copyOnly.length + excluded.length === 0) return [];
  const lines = ['', '4. What the ConfigMap does not name'];
  if (copyOnly.length > 0) {
    lines.push('', 'Copied (copyOnly). Configure these images where the containers are configured:', '');
    lines.push(
      ...copyOnly.map((container) => `${containerName(container)}: ${formatReference(imageOf(container))}`),
    );
  }
  if (excluded.length > 0) {
    lines.push('', `Not copied (exclude), for what you do not deploy: ${excluded.join(', ')}.`);
  }
  return lines;
}

/** For programs: what to merge into which file. docs/reference/cli.md says what the keys mean. */
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
