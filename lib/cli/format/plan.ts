import { groupBy } from '../../common/collections.ts';
import { count } from '../../common/text.ts';
import type { Config } from '../../config/schema.ts';
import { containerName } from '../../digests/container-image.ts';
import { formatReference, shortReference as short, shortDigest } from '../../image/reference.ts';
import { type Finding, formatFinding } from '../../plan/finding.ts';
import type { Plan } from '../../plan/model.ts';
import {
  type ContainerRow,
  formatCounts,
  formatTreatments,
  imageOf,
  overviewOf,
  specialsOf,
  type Totals,
} from '../../plan/overview.ts';
import { describeSignatures, signatureValue } from '../../plan/signatures.ts';
import type { Project } from '../../project.ts';
import type { Terminal } from '../terminal.ts';
import { countFindings, findingJson, formatFindings } from './findings.ts';
import { code, markdownText } from './markdown.ts';
import { formatTable, wrap } from './table.ts';

/** For people at a terminal: how many there are, what is special, and the findings. */
export function planSummary(plan: Plan, config: Config, terminal: Terminal): string {
  const { bold } = terminal.colors;
  const { containers, totals } = overviewOf(plan);
  const { server, pushServer, path } = config.registry;
  const target = [pushServer ?? server, path].filter(Boolean).join('/');
  const own = plan.relocations.filter(({ source }) => !source).length;
  const sources = Object.entries({ ...totals.sources, ...(own > 0 && { 'your own': own }) });
  const widest = Math.max(0, ...sources.map(([name]) => name.length));
  const components = [...groupBy(containers, ({ component }) => component)];
  const specials = specialsOf(plan).map(({ what, names }) => `  ${what}:\n${wrap(names, terminal, '    ')}`);
  return [
    `${formatTreatments(totals)}\n`,
    `${count(totals.images, 'distinct image')} to ${target}\n`,
    ...(totals.artifacts === undefined ? [] : [`${artifactsInWords(totals.artifacts)}\n`]),
    ...[describeSignatures(plan.relocations) ?? []].flat().map((line) => `${line}\n`),
    `plan ${shortDigest(plan.hash)}\n`,
    `\n${bold('Images by server')}\n`,
    ...sources.map(([name, number]) => `  ${name.padEnd(widest)}  ${number}\n`),
    `\n${bold('Containers by component')}\n`,
    wrap(
      components.map(([component, { length }]) => `${component} ${length}`),
      terminal,
      '  ',
    ),
    ...(specials.length > 0 ? [`\n${bold('Special')}\n`, ...specials] : []),
    `\n${bold('Findings')}\n`,
    formatFindings(plan.findings, terminal),
  ].join('');
}

/** Every container; digests are cut to 12 digits. */
export function containersTable(plan: Plan, terminal: Terminal): string {
  const rows = overviewOf(plan).containers.map(({ component, container, source, treatment, local }) => [
    containerName({ component, container }),
    source ? short(source) : '(your own)',
    [
      ...(treatment === 'copyOnly' ? ['(only copied)'] : []),
      local ? short(imageOf(local)) : '(excluded)',
    ].join(' '),
  ]);
  return formatTable(['CONTAINER', 'SOURCE', 'RUNS'], rows, terminal).replace(
    /\((?:excluded|only copied)\)/g,
    (mark) => terminal.colors.yellow(mark),
  );
}

/** Every distinct image once; digests are cut to 12 digits. */
export function imagesTable({ relocations }: Plan, terminal: Terminal): string {
  const known = relocations.some(({ artifacts }) => artifacts);
  const rows = relocations.map(({ source, target, containers, artifacts }) => [
    source ? short(source) : '(your own)',
    short(target),
    String(containers.length),
    ...(known ? [artifacts ? String(artifacts.length) : 'unknown'] : []),
  ]);
  return formatTable(['SOURCE', 'TARGET', 'CONTAINERS', ...(known ? ['ARTIFACTS'] : [])], rows, terminal);
}

/** For a pull request: references in full. */
export function planMarkdown(plan: Plan): string {
  const { containers, images, totals } = overviewOf(plan);
  const lines = [
    '## Images of Element Server Suite',
    '',
    ...totalLines(totals).map((line) => `- ${line}`),
    `- plan \`${plan.hash}\``,
    '',
    '### Containers',
    '',
    '| Container | Source | Runs |',
    '|---|---|---|',
    ...containers.map(
      (row) => `| \`${containerName(row)}\` | ${row.source ? code(row.source) : 'your own'} | ${runs(row)} |`,
    ),
    '',
    '### Images',
    '',
    ...imagesMarkdown(images),
    '',
    '### Findings',
    '',
    ...findingsMarkdown(plan.findings),
  ];
  return `${lines.join('\n')}\n`;
}

/** The images as a table; artifacts are counted if they are known of any. */
function imagesMarkdown(images: Plan['relocations']): string[] {
  const known = images.some(({ artifacts }) => artifacts);
  const rows = images.map(({ source, target, containers, artifacts }) => [
    source ? code(source) : 'your own',
    code(target),
    containers.map((name) => `\`${name}\``).join(', '),
    ...(known ? [artifacts ? String(artifacts.length) : 'unknown'] : []),
  ]);
  const head = ['Source', 'Target', 'Containers', ...(known ? ['Artifacts'] : [])];
  return [head, head.map(() => '---'), ...rows].map((cells, index) =>
    index === 1 ? `|${cells.join('|')}|` : `| ${cells.join(' | ')} |`,
  );
}

/** `12 signatures, attestations and SBOMs with them`, or that there are none. */
function artifactsInWords(number: number): string {
  return number === 0
    ? 'no signatures, attestations or SBOMs with them'
    : `${count(number, 'artifact')} with them: signatures, attestations, SBOMs`;
}

function runs({ treatment, local }: ContainerRow): string {
  if (!local) return '**excluded**';
  return `${treatment === 'copyOnly' ? '**only copied** ' : ''}${code(imageOf(local))}`;
}

/** Findings as a list of Markdown, and their number. */
function findingsMarkdown(findings: readonly Finding[]): string[] {
  const items = findings.map((finding) => `- ${markdownText(formatFinding(finding))}`);
  return [...items, ...(items.length > 0 ? [''] : []), countFindings(findings)];
}

/** For programs; docs/reference/cli.md says what the keys mean. */
export function planValue(plan: Plan): object {
  const { containers, images, totals } = overviewOf(plan);
  return {
    hash: plan.hash,
    containers: containers.map(({ component, container, source, treatment, local }) => ({
      component,
      container,
      treatment,
      source: source ? formatReference(source) : null,
      override:
        local && treatment === 'override'
          ? {
              image_digest: local.digest,
              image_repository_path: local.repository,
              image_repository_server: local.server,
              image_tag: local.tag,
            }
          : null,
      local: local ? formatReference(imageOf(local)) : null,
    })),
    images: images.map(({ source, target, containers, artifacts, signatures }) => ({
      source: source ? formatReference(source) : null,
      target: formatReference(target),
      containers,
      ...(artifacts && { artifacts }),
      ...(signatures && {
        signatures: {
          policy: signatures.policy ?? null,
          accepted: signatures.accepted.map(signatureValue),
        },
      }),
    })),
    totals,
    findings: plan.findings.map(findingJson),
  };
}

/**
 * For spreadsheets (RFC 4180): one row per container, with the deployment first if there are several. Findings have no
 * place in it.
 */
export function planCsv(deployments: readonly Pick<Project, 'config' | 'plan'>[]): string {
  const several = deployments.length > 1;
  const head = [
    ...(several ? ['deployment'] : []),
    'component',
    'container',
    'source',
    'image_repository_server',
    'image_repository_path',
    'image_tag',
    'image_digest',
    'treatment',
  ];
  const rows = deployments.flatMap(({ plan, config }) =>
    overviewOf(plan).containers.map(({ component, container, source, treatment, local }) => [
      ...(several ? [config.name ?? ''] : []),
      component,
      container,
      source ? formatReference(source) : '',
      local?.server ?? '',
      local?.repository ?? '',
      local?.tag ?? '',
      local?.digest ?? '',
      treatment,
    ]),
  );
  return [head, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function totalLines(totals: Totals): string[] {
  const { images, artifacts, sources, targets } = totals;
  return [
    formatTreatments(totals),
    `${images} distinct images`,
    ...(artifacts === undefined ? [] : [artifactsInWords(artifacts)]),
    `from ${formatCounts(sources)}`,
    `to ${formatCounts(targets)}`,
  ];
}
