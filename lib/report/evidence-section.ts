import { few } from '../common/text.ts';
import { breakable, reference } from './changes.ts';
import { filtered } from './containers.ts';
import type { Evidence, ImageEvidence } from './evidence.ts';
import { type Html, html, type Ids } from './html.ts';

const VERDICTS = {
  yes: {
    className: 'good',
    text: 'The release can be deployed: every image of the plan is in the registry.',
  },
  no: { className: 'bad', text: 'The release cannot be deployed.' },
  unknown: { className: 'doubt', text: 'It is not known whether the release can be deployed.' },
} as const;

/** The verdict in a few words. */
export function verdictMark({ mayGoOn }: Evidence): Html {
  const words = { yes: 'may go on', no: 'may not go on', unknown: 'not known' };
  return html`<span class="mark ${VERDICTS[mayGoOn].className}">${words[mayGoOn]}</span>`;
}

const MARKS = { there: 'good', missing: 'bad', unknown: 'doubt' } as const;

/** Whether the release may go on, why not, and what became of each image. */
export function evidenceSection(evidence: Evidence, id: Ids): Html {
  const { mayGoOn, reasons, images, artifacts, audit, surplus } = evidence;
  const { className, text } = VERDICTS[mayGoOn];
  const order = { missing: 0, unknown: 1, there: 2 };
  const rows = [...images].sort((a, b) => order[a.status] - order[b.status]);
  return html`<section id="${id('evidence')}">
<h2>Results</h2>
<p class="verdict ${className}"><b>${text}</b></p>
${reasons.length > 0 ? html`<ul class="list">${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>` : html``}
${
  artifacts
    ? html`<p>Signatures, attestations and SBOMs: ${artifacts.there} of ${artifacts.expected} are in the registry, ${artifacts.missing} are missing, ${artifacts.unknown} are unknown.</p>`
    : html``
}
${
  audit
    ? html`<p>In the cluster: ${Object.entries(audit.counts)
        .filter(([, number]) => number > 0)
        .map(([status, number]) => `${number} ${status}`)
        .join(', ')}.</p>`
    : html``
}
${surplus.length > 0 ? html`<p>The results also have images that are not in this plan: ${few(surplus, 3)}. Check that they are the results of this release.</p>` : html``}
<table id="${id('results')}">
<thead><tr><th>Image</th><th>Source</th><th>Result</th><th>Needed by</th></tr></thead>
<tbody>
${rows.map(row)}</tbody></table>
</section>`;
}

function row({ source, target, containers, copy, verify, status, artifacts }: ImageEvidence): Html {
  const words = [
    copy &&
      `${copy.result}${copy.attempts !== undefined ? `, ${copy.attempts} ${copy.attempts === 1 ? 'attempt' : 'attempts'}` : ''}${copy.seconds !== undefined ? `, ${copy.seconds} s` : ''}`,
    verify && `verify: ${verify.result}`,
    artifacts && `artifacts: ${artifacts.there} of ${artifacts.expected}`,
  ].filter(Boolean);
  const why = copy?.error ?? verify?.reason;
  return html`<tr ${filtered([source, target], containers, [])}>
<td data-label="Image">${reference(target)}</td><td data-label="Source">${source ? reference(source) : html`<span class="faint">your own</span>`}</td><td data-label="Result"><span class="mark ${MARKS[status]}">${status}</span> ${words.join('; ')}${why && status !== 'there' ? html`<br>${why}` : html``}${copy?.hint && status !== 'there' ? html`<br><span class="faint">${copy.hint}</span>` : html``}</td><td data-label="Needed by">${breakable(containers.join(', '))}</td>
</tr>
`;
}
