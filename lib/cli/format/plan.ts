import { containerName } from '../../digests/container-image.ts';
import { formatReference, shortReference as short } from '../../image/reference.ts';
import { type Finding, formatFinding } from '../../plan/finding.ts';
import type { Plan } from '../../plan/model.ts';
import {
  type ContainerRow,
  formatCounts,
  formatTreatments,
  imageOf,
  overviewOf,
  type Totals,
} from '../../plan/overview.ts';
import type { Terminal } from '../terminal.ts';
import { countFindings, formatFindings } from './findings.ts';
import { code, markdownText } from './markdown.ts';
import { formatTable } from './table.ts';

/** For people at a terminal: digests are shortened to 12 digits. */
export function planTable(plan: Plan, terminal: Terminal): string {
  const { containers, images, totals } = overviewOf(plan);
  const { bold, yellow } = terminal.colors;
  const byContainer = containers.map(({ component, container, source, treatment, local }) => [
    containerName({ component, container }),
    source ? short(source) : '(your own)',
    [
      ...(treatment === 'copyOnly' ? ['(only copied)'] : []),
      local ? short(imageOf(local)) : '(excluded)',
    ].join(' '),
  ]);
  const byImage = images.map(({ source, target, containers }) => [
    source ? short(source) : '(your own)',
    short(target),
    String(containers.length),
  ]);
  return [
    `${bold('Containers')}\n\n`,
    formatTable(['CONTAINER', 'SOURCE', 'RUNS'], byContainer, terminal).replace(
      /\((?:excluded|only copied)\)/g,
      (mark) => yellow(mark),
    ),
    `\n${bold('Images')}\n\n`,
    formatTable(['SOURCE', 'TARGET', 'CONTAINERS'], byImage, terminal),
    `\n${bold('Totals')}\n\n`,
    ...totalLines(totals).map((line) => `${line}\n`),
    `\n${bold('Findings')}\n\n`,
    formatFindings(plan.findings, terminal),
  ].join('');
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
    '| Source | Target | Containers |',
    '|---|---|---|',
    ...images.map(
      ({ source, target, containers }) =>
        `| ${source ? code(source) : 'your own'} | ${code(target)} | ${containers.map((name) => `\`${name}\``).join(', ')} |`,
    ),
    '',
    '### Findings',
    '',
    ...findingsMarkdown(plan.findings),
  ];
  return `${lines.join('\n')}\n`;
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
export function planJson(plan: Plan): string {
  const { containers, images, totals } = overviewOf(plan);
  const value = {
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
    images: images.map(({ source, target, containers }) => ({
      source: source ? formatReference(source) : null,
      target: formatReference(target),
      containers,
    })),
    totals,
    findings: plan.findings.map(findingJson),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function findingJson({ code, severity, message, hint, command, place }: Finding) {
  return { code, severity, message, hint: hint ?? null, command: command ?? null, place: place ?? null };
}

/** For spreadsheets (RFC 4180): one row a container. Findings have no place in it. */
export function planCsv(plan: Plan): string {
  const head = [
    'component',
    'container',
    'source',
    'image_repository_server',
    'image_repository_path',
    'image_tag',
    'image_digest',
    'treatment',
  ];
  const rows = overviewOf(plan).containers.map(({ component, container, source, treatment, local }) => [
    component,
    container,
    source ? formatReference(source) : '',
    local?.server ?? '',
    local?.repository ?? '',
    local?.tag ?? '',
    local?.digest ?? '',
    treatment,
  ]);
  return [head, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function totalLines(totals: Totals): string[] {
  const { images, sources, targets } = totals;
  return [
    formatTreatments(totals),
    `${images} distinct images`,
    `from ${formatCounts(sources)}`,
    `to ${formatCounts(targets)}`,
  ];
}
