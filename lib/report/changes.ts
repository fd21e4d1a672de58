import { formatReference, type ImageReference, shortReference } from '../image/reference.ts';
import { formatPlace, type Problem } from '../input/problem.ts';
import type { Finding } from '../plan/finding.ts';
import { describeChange, whenAdded, whenRemoved } from '../release/describe.ts';
import type { Review } from '../release/review.ts';
import { type Html, html, type Ids } from './html.ts';

/** What the release changes against an older one. */
export function changesSection(old: string, review: Review, id: Ids): Html {
  const { comparison, decisions, toCopy = [], unused = [] } = review;
  const { added, removed, changed } = comparison;
  const quiet = added.length + removed.length + changed.length + decisions.length === 0;
  return html`<section id="${id('changes')}">
<h2>Changes since ${old}</h2>
${quiet ? html`<p>Nothing changed.</p>` : html``}
${part(
  'To decide',
  decisions.map(
    (decision) => html`<li>${problem(decision, html`<span class="mark bad">${decision.code}</span>`)}</li>`,
  ),
)}
${part(
  'Containers added',
  added.map(
    (image) => html`<li><code>${review.product.nameOf(image)}</code> ${whenAdded(review, image)}</li>`,
  ),
)}
${part(
  'Containers removed',
  removed.map(
    (image) =>
      html`<li><code>${review.product.nameOf(image)}</code> ${reference(image.image)} ${whenRemoved(review, image)}</li>`,
  ),
)}
${part(
  'Images changed',
  changed.map(
    (change) =>
      html`<li>${reference(change.before)} to ${reference(change.after)}: ${describeChange(change)} <span class="faint">(${change.containers.map(review.product.nameOf).join(', ')})</span></li>`,
  ),
)}
${part(
  'To copy',
  toCopy.map(
    ({ source, target, overwrites }) =>
      html`<li>${source ? reference(source) : 'your own image'} to ${reference(target)}${overwrites ? ' (overwrites the tag)' : ''}</li>`,
  ),
)}
${part(
  'No longer used in the local registry',
  unused.map((image) => html`<li>${reference(image)}</li>`),
)}
</section>`;
}

/** The findings about the plan. */
export function findingsSection(findings: readonly Finding[], id: Ids): Html {
  const items = findings.map(
    (finding) =>
      html`<li><span class="mark ${finding.severity}">${finding.severity}</span> ${problem(finding, html`<span class="faint">${finding.code}</span>`)}</li>`,
  );
  return html`<section id="${id('findings')}">
<h2>Findings</h2>
${items.length > 0 ? html`<ul class="list">${items}</ul>` : html`<p>None.</p>`}
</section>`;
}

/** An image; its digest is shortened, and whole where the pointer rests. */
export function reference(image: ImageReference): Html {
  return html`<code title="${formatReference(image)}">${breakable(shortReference(image))}</code>`;
}

/** A name whose lines break between its parts: at slashes and underscores, and before the tag and the digest. */
export function breakable(name: string): Html {
  const parts = name.split(/(?<=[/_])|(?=@)|(?<!@sha256)(?=:)/);
  return html`${parts.map((part, index) => (index === 0 ? html`${part}` : html`<wbr>${part}`))}`;
}

/** A problem: its message, its hint, its command, and below them its place and its code. */
function problem({ place, message, hint, command }: Problem, code: Html): Html {
  return html`${message}${hint ? html`<span class="hint faint">${hint}</span>` : ''}${command ? html`<code class="command">${command}</code>` : ''}<span class="place">${place ? html`<code class="faint">${formatPlace(place)}</code> ` : ''}${code}</span>`;
}

function part(title: string, items: readonly Html[]): Html {
  if (items.length === 0) return html``;
  return html`<details open><summary><b>${title}</b> (${items.length})</summary><ul class="list">${items}</ul></details>`;
}
