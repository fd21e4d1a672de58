import { shellWord } from '../../../common/text.ts';
import type { YamlMap, YamlValue } from '../../../common/yaml.ts';
import type { Config } from '../../../config/schema.ts';
import { containerName } from '../../../digests/container-image.ts';
import type { ReleaseInfo } from '../../../digests/release.ts';
import { formatReference, repositoryName } from '../../../image/reference.ts';
import { InputError } from '../../../input/problem.ts';
import { commandLine } from '../../command.ts';
import type { Override, Plan } from '../../model.ts';
import { imageOf } from '../../overview.ts';
import { fileName } from './override.ts';

/**
 * The ConfigMap for Flux has the chart's version in its name: a HelmRelease then changes the chart and its override in one
 * step, and never runs one with the other's images.
 */
export function configMapName(info: ReleaseInfo, { configMap }: Config): string {
  if (info.product !== 'ess-helm') throw new Error('this is for releases of ESS Helm');
  return `${configMap.name}-${info.version.toLowerCase().replaceAll('+', '-')}`;
}

/** What to do so that the chart runs every image from the local registry, in words, YAML and commands. */
export function wiringText(plan: Plan, config: Config, helm: readonly string[]): string {
  if (helm.length > 0) {
    throw new InputError([
      {
        message: '--helm does not apply to ESS Helm: it is for the operator and the updater of the installer',
        hint: `Without it: ${commandLine('wiring', undefined)}`,
      },
    ]);
  }
  const sections = [
    before(plan, config),
    command(plan, config),
    argocd(plan, config),
    flux(plan, config),
    terraform(plan, config),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n${elsewhere(plan)}`;
}

/** The same for a program. */
export function wiringValue(plan: Plan, config: Config): YamlMap {
  const { release, copyOnly, additions, excluded } = plan;
  if (release.product !== 'ess-helm') throw new Error('this is for releases of ESS Helm');
  const listed = (images: readonly Override[]): YamlValue =>
    images.map((image) => ({ container: containerName(image), image: formatReference(imageOf(image)) }));
  return {
    namespace: config.namespace,
    chart: { name: release.chart, version: release.version, url: chartOf(plan, config).url },
    pullSecret: config.pullSecret?.name,
    valueFiles: [...(config.helm?.values ?? []), fileName(config)],
    valuesFrom: config.gitops === 'flux' ? [{ kind: 'ConfigMap', name: configMapName(release, config) }] : [],
    additions: listed(additions),
    copyOnly: listed(copyOnly),
    excluded: excluded.map(containerName),
  };
}

/** The chart where it is copied to; as a file, if it is not a part of the plan. */
function chartOf({ release, relocations }: Plan, { registry }: Config): { name: string; url?: string } {
  if (release.product !== 'ess-helm') throw new Error('this is for releases of ESS Helm');
  const line = relocations.find(({ containers }) => containers.includes(`chart/${release.chart}`));
  if (!line) return { name: `${release.chart}-${release.version}.tgz` };
  const url = `oci://${repositoryName({ ...line.target, registry: registry.server })}`;
  return { name: `${url} --version ${release.version}`, url };
}

/** The command that installs or upgrades the chart, in lines that a shell reads as one. */
export function helmCommand(plan: Plan, config: Config, override: string): string[] {
  const values = [...(config.helm?.values ?? ['my-values.yaml']), override];
  return [
    `helm upgrade --install ess ${chartOf(plan, config).name} \\`,
    `  --namespace ${config.namespace} ${values.map((file) => `--values ${shellWord(file)}`).join(' ')}`,
  ];
}

function before(plan: Plan, { namespace, pullSecret }: Config): string[] {
  return [
    '1. Before helm install or upgrade',
    '',
    'Hooks of the chart pull images before it makes anything else. These must be there first:',
    '',
    `- all ${plan.relocations.length} images in the registry: ${commandLine('verify', undefined)}`,
    ...(pullSecret
      ? [`- the pull Secret, which the values name: kubectl -n ${namespace} get secret ${pullSecret.name}`]
      : []),
  ];
}

function command(plan: Plan, config: Config): string[] {
  return [
    '2. Helm',
    '',
    'The override is the last file, so that no other wins:',
    '',
    ...helmCommand(plan, config, `dist/${fileName(config)}`),
  ];
}

function argocd(plan: Plan, config: Config): string[] {
  const { url, name } = chartOf(plan, config);
  const own = config.helm?.values ?? ['my-values.yaml'];
  if (plan.release.product !== 'ess-helm') return [];
  const chart = url
    ? [
        `repoURL: ${url.slice('oci://'.length, url.lastIndexOf('/'))}`,
        `chart: ${url.slice(url.lastIndexOf('/') + 1)}`,
      ]
    : [`repoURL: …  # where ${name} is`, `chart: ${plan.release.chart}`];
  return [
    '3. Or Argo CD',
    '',
    'In spec.sources of the Application: the chart, and the repository that the override is in.',
    '',
    'sources:',
    ...chart.map((line, index) => `  ${index === 0 ? '-' : ' '} ${line}`),
    `    targetRevision: ${plan.release.version}`,
    '    helm:',
    '      valueFiles:',
    ...own.map((file) => `        - $values/${file}`),
    `        - $values/dist/${fileName(config)}`,
    '  - repoURL: …  # this repository',
    '    ref: values',
  ];
}

function flux({ release }: Plan, config: Config): string[] {
  const { gitops, namespace } = config;
  return [
    '4. Or Flux',
    '',
    gitops === 'flux'
      ? `In spec of the HelmRelease, which must be in namespace ${namespace} with the ConfigMap:`
      : 'With gitops: flux in airgap.yaml, synth writes the override as a ConfigMap too. In spec of the HelmRelease:',
    '',
    'valuesFrom:',
    '  - …  # your own values, in a ConfigMap or Secret',
    '  - kind: ConfigMap',
    `    name: ${configMapName(release, config)}`,
    '',
    'Keep your own values out of spec.values, which wins over valuesFrom.',
  ];
}

function terraform(_: Plan, config: Config): string[] {
  const files = [...(config.helm?.values ?? ['my-values.yaml']), `dist/${fileName(config)}`];
  return [
    '5. Or Terraform',
    '',
    'In the resource helm_release:',
    '',
    `values = [${files.map((file) => `file(${JSON.stringify(file)})`).join(', ')}]`,
  ];
}

/** What the override does not name. */
function elsewhere({ additions, copyOnly, relocations, excluded }: Plan): string {
  const names = new Set(
    [...copyOnly, ...additions].map(({ component, container }) => `${component}/${container}`),
  );
  const copied = relocations.filter(({ containers }) => containers.some((name) => names.has(name)));
  if (copied.length + excluded.length === 0) return '';
  const lines = [
    '',
    '6. What the override does not name',
    '',
    ...copied.map(
      ({ containers, target }) => `Copied: ${formatReference(target)} (${containers.join(', ')})`,
    ),
    ...excluded.map(({ component, container }) => `Not copied (exclude): ${component}.${container}`),
  ];
  return `${lines.join('\n')}\n`;
}
