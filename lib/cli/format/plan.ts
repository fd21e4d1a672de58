import { containerName } from '../../digests/container-image.ts';
import { formatReference, shortReference as short } from '../../image/reference.ts';
import { type Finding, formatFinding } from '../../plan/finding.ts';
import type { Plan } from '../../plan/model.ts';
import { formatCounts, imageOf, overviewOf, type Totals } from '../../plan/overview.ts';
import type { Terminal } from '../terminal.ts';
import { countFindings, formatFindings } from './findings.ts';
import { code, markdownText } from './markdown.ts';
import { formatTable } from './table.ts';

/** For people at a terminal: digests are shortened to 12 digits. */
export function planTable(plan: Plan, terminal: Terminal): string {
  const { containers, images, totals } = overviewOf(plan);
  const { bold, yellow } = terminal.colors;
  const byContainer = containers.map(({ component, container, source, override }) => [
    containerName({ component, container }),
    source ? short(source) : '(your own)',
    override ? short(imageOf(override)) : '(excluded)',
  ]);
  const byImage = images.map(({ source, target, containers }) => [
    source ? short(source) : '(your own)',
    short(target),
    String(containers.length),
  ]);
  return [
    `${bold('Containers')}\n\n`,
    formatTable(['CONTAINER', 'SOURCE', 'RUNS'], byContainer, terminal).replaceAll(
      '(excluded)',
      yellow('(excluded)'),
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
      (row) =>
        `| \`${containerName(row)}\` | ${row.source ? code(row.source) : 'your own'} | ${row.override ? code(imageOf(row.override)) : '**excluded**'} |`,
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
    containers: containers.map(({ component, container, source, override }) => ({
      component,
      container,
      source: source ? formatReference(source) : null,
      override: override
        ? {
            image_digest: override.digest,
            image_repository_path: override.repository,
            image_repository_server: override.server,
            image_tag: override.tag,
          }
        : null,
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

function findingJson({ code, severity, message, hint, place }: Finding) {
  return { code, severity, message, hint: hint ?? null, place: place ?? null };
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
  ];
  const rows = overviewOf(plan).containers.map(({ component, container, source, override }) => [
    component,
    container,
    source ? formatReference(source) : '',
    override?.server ?? '',
    override?.repository ?? '',
    override?.tag ?? '',
    override?.digest ?? '',
  ]);
  return [head, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function totalLines({ overridden, excluded, images, sources, targets }: Totals): string[] {
  return [
    `${overridden} containers overridden, ${excluded} excluded`,
    `${images} distinct images`,
    `from ${formatCounts(sources)}`,
    `to ${formatCounts(targets)}`,
  ];
}
