import { findImageEntries, get } from '../../../chart/entries.ts';
import { mergeValues } from '../../../chart/values.ts';
import { containerName } from '../../../digests/container-image.ts';
import { canonicalName, formatReference, type ImageReference } from '../../../image/reference.ts';
import { quote } from '../../../input/quote.ts';
import type { YamlEntry, YamlMapping } from '../../../input/yaml.ts';
import type { Check, Checked } from '../../checks/checked.ts';
import { type Finding, finding } from '../../finding.ts';
import type { ValuesFile } from '../../model.ts';
import { overrideChart } from './override.ts';

/** What the chart does without a word: images that stay upstream, values that win or have no effect. */
export const checkEssHelm: Check = (checked) => [
  ...checkInlineImages(checked),
  ...checkNewContainers(checked),
  ...checked.context.values.flatMap((file) => [
    ...checkOwnOverride(checked, file),
    ...checkFile(checked, file),
  ]),
  ...checkPullSecret(checked),
  ...checkSwitchedOff(checked),
];

/** Images in lists of the user's values: only a file that is known can be repeated with other images in it. */
function checkInlineImages({ resolved, plan, config, place }: Checked): Finding[] {
  return resolved.flatMap(({ image, treatment, source }) => {
    if (!image.inline || treatment !== 'override' || !source) return [];
    const repeated = plan.valueLists.some(({ path }) => image.component.startsWith(`${path.join('.')}.`));
    if (repeated) return [];
    return finding('helm-inline-image', {
      place: place?.('helm') ?? image.place,
      message: `${image.component}.${image.container} is in a list of your Helm values, which no override can change in part: it would run from ${source.registry}`,
      hint:
        config.helm && config.helm.values.length > 0
          ? 'Name the file of values that it is in, too: helm.values in airgap.yaml.'
          : 'Name your files of values in airgap.yaml, so that the override repeats the list with the image changed: helm: { values: [my-values.yaml] }',
    });
  });
}

/** Containers that the user added after the lock was written: nothing copies their images. */
function checkNewContainers({ context, images, excluded }: Checked): Finding[] {
  const user = mergeValues(context.values.map(({ values }) => values));
  if (!user) return [];
  const known = new Set([...images, ...excluded].map(containerName));
  return findImageEntries(user, []).flatMap(({ component, container, image, form, place }) => {
    if (form !== 'inline' || known.has(`${component}/${container}`)) return [];
    return finding('helm-not-locked', {
      place,
      message: `the release has no ${component}.${container}: nothing copies ${formatReference(image)}, so it would run from ${image.registry}`,
      hint: 'Run the command lock again with these values.',
    });
  });
}

/** An override among the files of the user: it would be read as the user's, and an old one wins over a new chart. */
function checkOwnOverride(
  { context: { info }, place, config }: Checked,
  { path, text }: ValuesFile,
): Finding[] {
  const chart = overrideChart(text);
  if (chart === undefined || info.product !== 'ess-helm') return [];
  const current = `${info.chart} ${info.version}`;
  return [
    finding('helm-values-override', {
      place: place?.('helm', 'values', config.helm?.values.indexOf(path) ?? 0),
      message:
        chart === current
          ? `${path} is what ess-airgap writes for this release, not one of your own files`
          : `${path} is an override for ${quote(chart)}, and the release is ${current}: its digests would win over the tags of the new chart`,
      hint: 'Remove it from helm.values. Helm gets the override of this release as its last file.',
    }),
  ];
}

const IMAGE_KEYS = ['registry', 'repository', 'tag', 'digest'] as const;

/** What one file of the user sets in the image entries of the release. */
function checkFile({ images, resolved }: Checked, { values, text }: ValuesFile): Finding[] {
  if (overrideChart(text) !== undefined) return [];
  return images.flatMap((image) => {
    if (image.role || image.inline) return [];
    const path = [...image.component.split('.'), image.container];
    const entry = entryAt(values, path);
    if (entry?.value.kind !== 'mapping') return [];
    const name = path.join('.');
    const copy = resolved.find((own) => own.image === image)?.override;
    return [
      ...checkRegistryNull(entry.value, name),
      ...checkOwnPullSecrets(entry.value, name),
      ...checkKeys(entry.value, name, image.image, copy && { registry: copy.server, ...copy }),
    ];
  });
}

function checkRegistryNull(entry: YamlMapping, name: string): Finding[] {
  const registry = get(entry, 'registry');
  if (registry?.value.kind !== 'scalar' || !registry.value.empty) return [];
  return [
    finding('helm-registry-null', {
      place: registry.place,
      message: `${name}.registry is null: without the override the chart would render an image that begins with a slash`,
      hint: 'Remove the line.',
    }),
  ];
}

/** The chart attaches the pull Secrets of a pod's main image; those of an exporter beside it have no effect. */
function checkOwnPullSecrets(entry: YamlMapping, name: string): Finding[] {
  const secrets = get(entry, 'pullSecrets');
  if (!/Exporter\.\w+$/.test(name) || secrets?.value.kind !== 'sequence' || secrets.value.items.length === 0)
    return [];
  return [
    finding('helm-pull-secret-unused', {
      place: secrets.place,
      message: `${name}.pullSecrets has no effect: the chart does not attach the pull Secrets of an exporter`,
      hint: 'Use image.pullSecrets at the top level; the override sets it if airgap.yaml has a pullSecret.',
    }),
  ];
}

/** An image that the user sets, whose values win if their file comes after the override. */
function checkKeys(
  entry: YamlMapping,
  name: string,
  locked: ImageReference,
  copy: Readonly<Record<(typeof IMAGE_KEYS)[number], string>> | undefined,
): Finding[] {
  const set = IMAGE_KEYS.flatMap((key) => {
    const own = get(entry, key);
    return own?.value.kind === 'scalar' && !own.value.empty
      ? [{ key, text: own.value.text, place: own.place }]
      : [];
  });
  // What is the same as the override says wins nothing.
  const other = set.filter(({ key, text }) => text !== copy?.[key]);
  const [first] = other;
  if (!first) return [];
  const wanted = { ...locked, ...Object.fromEntries(other.map(({ key, text }) => [key, text])) };
  const sameName =
    JSON.stringify(canonicalName(wanted.registry, wanted.repository)) ===
    JSON.stringify(canonicalName(locked.registry, locked.repository));
  const isLocked = sameName && wanted.tag === locked.tag && wanted.digest === locked.digest;
  if (!isLocked) {
    return [
      finding('helm-not-locked', {
        place: first.place,
        message: `these values want ${name} to be ${quote(formatReference(wanted))}, and the release has ${formatReference(locked)}`,
        hint: 'Run the command lock again with these values, or remove the lines.',
      }),
    ];
  }
  const names = other.map(({ key }) => key).filter((key) => key !== 'tag');
  if (names.length === 0) return [];
  return [
    finding('helm-value-image', {
      place: first.place,
      message: `${name} has ${names.join(' and ')} here: if Helm gets this file after the override, the image comes from ${locked.registry}`,
      hint: 'Remove the lines if they only repeat the chart; in any case give Helm the override last.',
    }),
  ];
}

function entryAt(values: YamlMapping, path: readonly string[]): YamlEntry | undefined {
  const [step = '', ...rest] = path;
  const entry = get(values, step);
  if (!entry || rest.length === 0) return entry;
  return entry.value.kind === 'mapping' ? entryAt(entry.value, rest) : undefined;
}

/** A chart without the key that attaches a pull Secret to all pods. */
function checkPullSecret({ context: { info }, config, place }: Checked): Finding[] {
  if (info.product !== 'ess-helm' || info.pullSecrets || !config.pullSecret) return [];
  return [
    finding('helm-pull-secret-missing', {
      place: place?.('pullSecret'),
      message: `${info.chart} ${info.version} has no key that attaches a pull Secret to all pods, so the override does not name ${config.pullSecret.name}`,
      hint: 'Attach it to the ServiceAccounts of the namespace, or in the values of each component.',
    }),
  ];
}

/** Copied all the same: a chart may run an image of a component that is switched off. */
function checkSwitchedOff({ resolved }: Checked): Finding[] {
  const off = resolved.filter(({ image }) => image.enabled === false).map(({ image }) => image);
  if (off.length === 0) return [];
  const names = off.map(({ component, container }) => `${component}.${container}`);
  return [
    finding('helm-switched-off', {
      place: off[0]?.place,
      message: `${names.join(', ')} ${off.length === 1 ? 'is' : 'are'} switched off, and copied all the same`,
      hint: `If you do not need ${off.length === 1 ? 'it' : 'them'}: exclude: [${off.map(({ component }) => component).join(', ')}]`,
    }),
  ];
}
