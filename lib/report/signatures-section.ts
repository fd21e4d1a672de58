import type { Plan, Relocation } from '../plan/model.ts';
import { describeSignatures } from '../plan/signatures.ts';
import { describeSigner } from '../plan/signers.ts';
import { reference } from './changes.ts';
import { filtered } from './containers.ts';
import type { Evidence } from './evidence.ts';
import { type Html, html, type Ids } from './html.ts';
import type { SignatureEvidence } from './signature-evidence.ts';

const MARKS: Readonly<Record<string, string>> = {
  verified: 'good',
  rejected: 'bad',
  unsigned: 'bad',
  unknown: 'doubt',
};

/** Who signed each image, by the lock and by what was checked afterwards; nothing without `verify`. */
export function signaturesSection({ relocations }: Plan, evidence: Evidence | undefined, id: Ids): Html {
  const summary = describeSignatures(relocations);
  if (!summary) return html``;
  const results = new Map(evidence?.images.map(({ target, signatures }) => [target, signatures]));
  return html`<section id="${id('signatures')}">
<h2>Signatures</h2>
<p>${summary}.</p>
<table>
<thead><tr><th>Image</th><th>Policy</th><th>Signed by</th><th>Time</th><th>Signature</th></tr></thead>
<tbody>
${relocations.map((relocation) => row(relocation, results.get(relocation.target)))}</tbody></table>
</section>`;
}

function row(
  { source, target, containers, signatures }: Relocation,
  found: SignatureEvidence | undefined,
): Html {
  if (!source || !signatures) return html``;
  const { policy, accepted } = signatures;
  const checked = found?.checked;
  const none =
    policy === undefined
      ? html`<span class="faint">not verified</span>`
      : html`<span class="mark bad">no accepted signature</span>`;
  const lines = (text: (at: (typeof accepted)[number]) => Html): Html[] =>
    accepted.map((one, index) => html`${index > 0 ? html`<br>` : html``}${text(one)}`);
  return html`<tr ${filtered([source, target], containers, [])}>
<td data-label="Image">${reference(source)}</td><td data-label="Policy">${policy === undefined ? html`<span class="faint">no policy</span>` : html`<code>${policy}</code>`}</td><td data-label="Signed by">${accepted.length > 0 ? lines(({ signer }) => html`${describeSigner(signer)}`) : none}${checked && policy !== undefined ? html`<br><span class="mark ${MARKS[checked.result] ?? 'doubt'}">${checked.result}</span> ${checked.from}` : html``}</td><td data-label="Time">${lines(({ time }) => html`${time ?? 'not known'}`)}</td><td data-label="Signature">${lines(({ digest }) => html`<code>${digest}</code>`)}</td>
</tr>
`;
}
