import { count } from '../../common/text.ts';
import { type ContainerImage, containerName } from '../../digests/container-image.ts';
import { formatReference, type ImageReference, shortReference as short } from '../../image/reference.ts';
import { formatPlace, helpOf } from '../../input/problem.ts';
import { printable } from '../../input/quote.ts';
import { describeChange, whenAdded, whenRemoved } from '../../release/describe.ts';
import type { Copy, Review } from '../../release/review.ts';
import { type Colors, type Terminal, terminalOf } from '../terminal.ts';
import { artifactChangeLines } from './artifacts.ts';
import { jsonText } from './json.ts';
import { code, markdownText } from './markdown.ts';

/** A review and the names of its two sides, as the user gave them. */
export interface NamedReview extends Review {
  readonly old: string;
  readonly new: string;
}

/** For people at a terminal. */
export function releaseText(review: NamedReview, { colors }: Terminal): string {
  const { comparison, artifacts, toCopy, unused, decisions, product } = review;
  const section = (title: string, items: readonly string[]): string[] =>
    items.length > 0 ? ['', colors.bold(`${title} (${items.length})`), ...items] : [];
  const named = (title: string, names: readonly string[], paint: Colors['red']): string[] =>
    names.length > 0 ? ['', `${colors.bold(`${title} (${names.length})`)}: ${paint(names.join(', '))}`] : [];
  const lines = [
    `${review.old} -> ${review.new}`,
    ...charts(review),
    summary(review),
    ...named('Components added', comparison.componentsAdded, colors.green),
    ...named('Components removed', comparison.componentsRemoved, colors.red),
    ...section(
      'Containers added',
      comparison.added.map(
        (image) =>
          `${colors.green(`+ ${product.nameOf(image)}`)}  ${short(image.image)}\n    ${whenAdded(review, image)}`,
      ),
    ),
    ...section(
      'Containers removed',
      comparison.removed.map((image) => {
        const moved = whenRemoved(review, image);
        return `${colors.red(`- ${product.nameOf(image)}`)}  ${short(image.image)}${moved && `\n    ${moved}`}`;
      }),
    ),
    ...section(
      'Images changed',
      comparison.changed.map((change) =>
        [
          colors.yellow(`~ ${short(change.before)}`),
          `  ${short(change.after)}`,
          `    ${describeChange(change)}`,
          `    in ${change.containers.map(product.nameOf).join(', ')}`,
        ].join('\n'),
      ),
    ),
    ...(artifacts
      ? ['', colors.bold('Signatures, attestations and SBOMs'), ...artifactChangeLines(artifacts, colors)]
      : []),
    ...section(
      'To copy',
      (toCopy ?? []).map((copy) => `  ${copyText(copy, short)}`),
    ),
    ...section(
      'No longer used in the local registry',
      (unused ?? []).map((image) => `  ${short(image)}`),
    ),
    ...section(
      'To decide',
      decisions.map((decision) => {
        const place = decision.place ? `${formatPlace(decision.place)}: ` : '';
        const help = helpOf(decision).map((line) => `\n    ${line}`);
        return `${colors.red('!')} ${printable(place + decision.message)} [${decision.code}]${help.join('')}`;
      }),
    ),
    '',
    conclusion(review),
  ];
  return `${lines.join('\n')}\n`;
}

/** For a pull request. */
export function releaseMarkdown(review: NamedReview): string {
  const { comparison, artifacts, toCopy, unused, decisions } = review;
  const section = (title: string, items: readonly string[]): string[] =>
    items.length > 0 ? [`### ${title} (${items.length})`, '', ...items, ''] : [];
  const table = (title: string, head: string, rows: readonly string[]): string[] =>
    rows.length > 0
      ? [`### ${title} (${rows.length})`, '', head, head.replace(/[^|]+/g, '---'), ...rows, '']
      : [];
  const names = (containers: readonly ContainerImage[]): string =>
    containers.map((container) => `\`${review.product.nameOf(container)}\``).join(', ');
  const lines = [
    `## ${markdownText(review.old)} to ${markdownText(review.new)}`,
    '',
    ...charts(review).flatMap((line) => [`${markdownText(line)}.`, '']),
    `${summary(review)}.`,
    '',
    `**${conclusion(review)}**`,
    '',
    ...section(
      'To decide',
      decisions.map((decision) => {
        const place = decision.place ? `${formatPlace(decision.place)}: ` : '';
        const help = helpOf(decision).map((line) => `\n${line}`);
        return `- [ ] ${markdownText(`${place}${decision.message}${help.join('')}`)} (\`${decision.code}\`)`;
      }),
    ),
    ...section(
      'Components added',
      comparison.componentsAdded.map((name) => `- \`${name}\``),
    ),
    ...section(
      'Components removed',
      comparison.componentsRemoved.map((name) => `- \`${name}\``),
    ),
    ...table(
      'Containers added',
      '| Container | Image | Result |',
      comparison.added.map(
        (image) => `| ${names([image])} | ${code(image.image)} | ${markdownText(whenAdded(review, image))} |`,
      ),
    ),
    ...table(
      'Containers removed',
      '| Container | Image |',
      comparison.removed.map((image) => {
        const moved = whenRemoved(review, image);
        return `| ${names([image])} | ${code(image.image)}${moved && `, ${markdownText(moved)}`} |`;
      }),
    ),
    ...table(
      'Images changed',
      '| Before | After | Change | Containers |',
      comparison.changed.map(
        (change) =>
          `| ${code(change.before)} | ${code(change.after)} | ${markdownText(describeChange(change))} | ${names(change.containers)} |`,
      ),
    ),
    ...(artifacts
      ? [
          '### Signatures, attestations and SBOMs',
          '',
          '```diff',
          ...artifactChangeLines(artifacts, terminalOf(undefined).colors).map((line) =>
            line.replace(/^ {4}([+-])/, '$1  '),
          ),
          '```',
          '',
        ]
      : []),
    ...section(
      'To copy',
      (toCopy ?? []).map((copy) => `- ${copyText(copy, code)}`),
    ),
    ...section(
      'No longer used in the local registry',
      (unused ?? []).map((image) => `- ${code(image)}`),
    ),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

/** For programs; docs/reference/cli.md says what the keys mean. */
export function releaseJson(review: NamedReview): string {
  const { comparison, artifacts, toCopy, unused, decisions } = review;
  const container = ({ component, container, image }: ContainerImage) => ({
    component,
    container,
    image: formatReference(image),
  });
  const value = {
    old: review.old,
    new: review.new,
    charts: { old: review.charts.before ?? null, new: review.charts.after ?? null },
    componentsAdded: comparison.componentsAdded,
    componentsRemoved: comparison.componentsRemoved,
    containersAdded: comparison.added.map(container),
    containersRemoved: comparison.removed.map(container),
    containersMoved: comparison.moved.map(({ before, after }) => ({
      from: containerName(before),
      to: containerName(after),
    })),
    imagesChanged: comparison.changed.map(({ before, after, differences, containers }) => ({
      before: formatReference(before),
      after: formatReference(after),
      differences,
      containers: containers.map(containerName),
    })),
    containersUnchanged: comparison.unchanged,
    ...(artifacts && { artifacts }),
    toCopy:
      toCopy?.map(({ source, target, overwrites }) => ({
        source: source ? formatReference(source) : null,
        target: formatReference(target),
        overwrites,
      })) ?? null,
    unused: unused?.map(formatReference) ?? null,
    decisions: decisions.map(({ code, message, hint, command, place }) => ({
      code,
      message,
      hint: hint ?? null,
      command: command ?? null,
      place: place ?? null,
    })),
  };
  return jsonText(value);
}

/** The two charts, if the sides are releases of ESS Helm. */
function charts({ charts: { before, after } }: Review): string[] {
  return before || after ? [`${before ?? 'another product line'} -> ${after ?? 'another product line'}`] : [];
}

function summary({ comparison }: Review): string {
  const { componentsAdded, componentsRemoved, added, removed, changed, unchanged } = comparison;
  return [
    `components: ${componentsAdded.length} added, ${componentsRemoved.length} removed`,
    `containers: ${added.length} added, ${removed.length} removed, ${unchanged} unchanged`,
    `images: ${changed.length} changed`,
  ].join('; ');
}

function conclusion({ comparison, artifacts, decisions }: Review): string {
  const { added, removed, changed } = comparison;
  if (decisions.length > 0) return `${count(decisions.length, 'decision')} to make.`;
  if (added.length + removed.length + changed.length === 0 && !artifacts) return 'Nothing changed.';
  return 'No decisions to make.';
}

function copyText({ source, target, overwrites }: Copy, format: (image: ImageReference) => string): string {
  const from = source ? `${format(source)} to ` : 'your own image ';
  return `${from}${format(target)}${overwrites ? ' (overwrites the tag: a registry with immutable tags rejects this)' : ''}`;
}
