import { createHash } from 'node:crypto';
import { count as counted } from '../common/text.ts';
import type { Config } from '../config/schema.ts';
import type { Plan } from '../plan/model.ts';
import { formatCounts, overviewOf } from '../plan/overview.ts';
import type { Review } from '../release/review.ts';
import { changesSection, findingsSection } from './changes.ts';
import { containersSection, filterForm } from './containers.ts';
import type { Evidence } from './evidence.ts';
import { evidenceSection, verdictMark } from './evidence-section.ts';
import { type Html, html, type Ids, trusted } from './html.ts';
import { SCRIPT } from './script.ts';
import { signaturesSection } from './signatures-section.ts';
import { STYLE } from './style.ts';

/** What a report shows. */
export interface ReportProps {
  readonly config: Config;
  readonly plan: Plan;
  /** The digests file, as the user names it. */
  readonly digests: string;
  /** What the commands that carried out the plan reported. */
  readonly evidence?: Evidence;
  /** The comparison with an older release, and its name. */
  readonly since?: { readonly name: string; readonly review: Review };
}

/**
 * The report: one HTML page that needs nothing else. Its policy lets it load nothing, and run no script but its own.
 *
 * @param deployments one, or several that have names
 */
export function renderReport(deployments: readonly ReportProps[]): string {
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  const servers = [...new Set(deployments.map(({ config }) => config.registry.server))].join(', ');
  const form = filterForm(deployments.map(({ plan, since }) => ({ plan, review: since?.review })));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Images of Element Server Suite on ${servers}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
${deployments.length === 1 ? deployments.map((only) => deploymentPart(only, (name) => name, form)) : severalDeployments(deployments, form)}
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}

/** A list of the deployments that leads to each, the filter for all of them, and the deployments. */
function severalDeployments(deployments: readonly ReportProps[], form: Html): Html {
  const idOf = ({ config }: ReportProps): string => `deployment-${config.name ?? ''}`;
  return html`<header>
<h1>Images of Element Server Suite: ${deployments.length} deployments</h1>
<ul class="list">${deployments.map((one) => html`<li><a href="#${idOf(one)}">${one.config.name ?? ''}</a> <span class="faint">${counted(one.plan.relocations.length, 'image')} to ${placeOf(one.config)}</span>${one.evidence ? html` ${verdictMark(one.evidence)}` : html``}</li>`)}</ul>
</header>
${form}
${deployments.map((one) => html`<article id="${idOf(one)}">${deploymentPart(one, (name) => `${idOf(one)}-${name}`, html``)}</article>`)}`;
}

/** @param form the filter, if this is the only deployment */
function deploymentPart({ config, plan, digests, since, evidence }: ReportProps, id: Ids, form: Html): Html {
  const { totals } = overviewOf(plan);
  const name = config.name === undefined ? '' : `Deployment ${config.name}: `;
  return html`<header>
<h1>${name}Images of Element Server Suite on <code>${placeOf(config)}</code></h1>
<p class="faint">${digests}, for namespace ${config.namespace}, ConfigMap ${config.configMap.name}</p>
<p class="faint">plan <code>${plan.hash}</code></p>
</header>
<ul class="numbers">
${number(totals.overridden, 'containers overridden')}
${totals.copyOnly > 0 ? number(totals.copyOnly, 'only copied') : html``}
${number(totals.excluded, 'excluded')}
${number(totals.images, 'distinct images')}
${since?.review.toCopy ? number(since.review.toCopy.length, 'to copy') : html``}
${since ? number(since.review.decisions.length, 'to decide', since.review.decisions.length > 0 ? 'bad' : 'good') : html``}
</ul>
<p>Images come from ${formatCounts(totals.sources)} and go to ${formatCounts(totals.targets)}.</p>
${evidence ? evidenceSection(evidence, id) : html``}
${since ? changesSection(since.name, since.review, id) : html``}
${findingsSection(plan.findings, id)}
${signaturesSection(plan, evidence, id)}
${form}
${containersSection(plan, since?.review, id)}`;
}

function placeOf({ registry: { server, path } }: Config): string {
  return [server, path].filter(Boolean).join('/');
}

function number(value: number, of: string, className = ''): Html {
  return html`<li class="${className}"><b>${value}</b> ${of}</li>`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
