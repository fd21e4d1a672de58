import type { Audit } from '../../audit/audit.ts';
import { type AuditedContainer, type ImageStatus, isAsPlanned } from '../../audit/containers.ts';
import { groupBy } from '../../common/collections.ts';
import { count, few } from '../../common/text.ts';
import { printable } from '../../input/quote.ts';
import type { Terminal } from '../terminal.ts';
import { jsonText } from './json.ts';
import { markdownText } from './markdown.ts';
import { formatTable } from './table.ts';

const STATUSES: readonly ImageStatus[] = [
  'planned',
  'previous',
  'allowed',
  'other-digest',
  'upstream',
  'unknown',
];

const MEANINGS: Readonly<Record<ImageStatus, string>> = {
  planned: 'the image of the plan',
  previous: 'an image of the previous release; restart the pod if the upgrade is complete',
  allowed: 'allowed by guard.allow',
  'other-digest':
    'a planned repository with another tag or digest: the override is not applied, or is from another release',
  upstream: 'from an upstream registry: this container is not overridden',
  unknown: 'from a registry that is not in the plan',
};

/** Containers that are not as planned, then what was not seen, and the wiring; as text. */
export function auditTable(audit: Audit, terminal: Terminal): string {
  const rows = groups(audit.containers).map(({ status, image, containers }) => [
    status,
    printable(image),
    few(containers.map(where), 3),
  ]);
  const { colors } = terminal;
  const sections = [
    ...(rows.length > 0 ? [formatTable(['STATUS', 'IMAGE', 'CONTAINERS'], rows, terminal)] : []),
    explain(audit)
      .map((line) => `${line}\n`)
      .join(''),
    failures(audit)
      .map((line) => `${line}\n`)
      .join(''),
    audit.wiring
      .map(({ ok, subject, message, hint }) => {
        const mark = ok ? colors.green('ok     ') : colors.red('failed ');
        return `${mark} ${printable(subject)}: ${printable(message)}\n${hint ? `    ${hint}\n` : ''}`;
      })
      .join(''),
    notSeen(audit),
    `${verdict(audit)}\n`,
  ];
  return sections.filter(Boolean).join('\n');
}

/** The same for a merge request or an archive. */
export function auditMarkdown(audit: Audit): string {
  const rows = groups(audit.containers).map(
    ({ status, image, containers }) =>
      `| ${status} | ${markdownText(image)} | ${markdownText(containers.map(where).join(', '))} |`,
  );
  const table = ['| status | image | containers |', '| --- | --- | --- |', ...rows].join('\n');
  const wiring = audit.wiring.map(
    ({ ok, subject, message, hint }) =>
      `- **${ok ? 'ok' : 'failed'}** ${markdownText(subject)}: ${markdownText(message)}${hint ? `. ${markdownText(hint)}` : ''}`,
  );
  return `${[
    `## ${verdict(audit)}`,
    ...(rows.length > 0 ? [table] : []),
    ...explain(audit).map(markdownText),
    ...failures(audit).map(markdownText),
    ...(wiring.length > 0 ? [wiring.join('\n')] : []),
    ...(audit.notSeen.length > 0 ? [markdownText(notSeen(audit).trim())] : []),
  ].join('\n\n')}\n`;
}

/** The same for scripts: every container, in the order of the input. */
export function auditJson(audit: Audit): string {
  return jsonText({ ...audit, counts: counts(audit.containers) });
}

interface Group {
  readonly status: ImageStatus;
  readonly image: string;
  readonly containers: readonly AuditedContainer[];
}

/** What is not as planned, and what is only for a while, by image. */
function groups(containers: readonly AuditedContainer[]): Group[] {
  const shown = containers.filter((one) => one.status === 'previous' || !isAsPlanned(one));
  return [...groupBy(shown, ({ status, image }) => `${STATUSES.indexOf(status)} ${image}`)]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .flatMap(([, group]) => {
      const [first] = group;
      return first ? { status: first.status, image: first.image, containers: group } : [];
    });
}

function where({ object, container }: AuditedContainer): string {
  return printable(`${object} ${container}`);
}

/** What each status that was found means, and which image was expected. */
function explain({ containers }: Audit): string[] {
  const found = new Set(groups(containers).map(({ status }) => status));
  const meanings = STATUSES.filter((status) => found.has(status)).map(
    (status) => `${status}: ${MEANINGS[status]}`,
  );
  const expected = containers.flatMap(({ image, running, expected: wanted }) =>
    wanted ? `${image}${running ? ` runs ${running}` : ''}; expected ${wanted}` : [],
  );
  return [...meanings, ...[...new Set(expected)].slice(0, 20).map(printable)];
}

function failures({ containers }: Audit): string[] {
  const failing = containers.flatMap(({ image, pullFailure }) =>
    pullFailure ? { image, ...pullFailure } : [],
  );
  const groups = groupBy(failing, ({ image, reason }) => `${reason} ${image}`).values();
  return [...groups].flatMap((group) =>
    group.slice(0, 1).map((first) => {
      const said = first.message ? `: ${first.message}` : '';
      const who = `${count(group.length, 'container')} cannot pull ${printable(first.image)}`;
      return `${first.reason}: ${who}${said}\n    ${first.hint}`;
    }),
  );
}

function notSeen({ notSeen: names, containers }: Audit): string {
  if (names.length === 0 || containers.length === 0) return '';
  return `Planned but not found: ${few(names, 8)}. This is correct if they are not deployed.\n`;
}

function counts(containers: readonly AuditedContainer[]): Record<ImageStatus, number> {
  return Object.fromEntries(
    STATUSES.map((status) => [status, containers.filter((one) => one.status === status).length]),
  ) as Record<ImageStatus, number>;
}

function verdict(audit: Audit): string {
  const numbers = counts(audit.containers);
  const parts = STATUSES.filter((status) => numbers[status] > 0).map(
    (status) => `${numbers[status]} ${status}`,
  );
  const images =
    audit.containers.length > 0
      ? [`${count(audit.containers.length, 'container')}: ${parts.join(', ')}`]
      : [];
  const wrong = audit.wiring.filter(({ ok }) => !ok).length;
  const wiring =
    audit.wiring.length > 0 ? [`${count(audit.wiring.length, 'wiring check')}: ${wrong} failed`] : [];
  return `${audit.asPlanned ? 'As planned' : 'Not as planned'}. ${[...images, ...wiring].join('; ')}`;
}
