import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import type { Plan } from '../plan/model.ts';
import { formatCounts, overviewOf } from '../plan/overview.ts';
import type { Review } from '../release/review.ts';
import { changesSection, findingsSection } from './changes.ts';
import { containersSection } from './containers.ts';
import type { Evidence } from './evidence.ts';
import { evidenceSection } from './evidence-section.ts';
import { type Html, html, trusted } from './html.ts';
import { SCRIPT } from './script.ts';
import { signaturesSection } from './signatures-section.ts';
import { STYLE } from './style.ts';

/** What a report shows. */
export interface ReportProps {
  readonly config: Config;
  readonly plan: Plan;
  /** The digests file, as the user names it. */
  readonly digests: string;
  /** The comparison with an older release, and its name. */
  /** What the commands that carried out the plan reported. */
  readonly evidence?: Evidence;
  readonly since?: { readonly name: string; readonly review: Review };
}

/**
 * The report: one HTML page that needs nothing else. Its policy lets it load nothing, and run no script but its own.
 */
export function renderReport(props: ReportProps): string {
  const { config, plan, digests, since, evidence } = props;
  const { totals } = overviewOf(plan);
  const { server, path } = config.registry;
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Images of Element Server Suite on ${server}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>Images of Element Server Suite on <code>${[server, path].filter(Boolean).join('/')}</code></h1>
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
${evidence ? evidenceSection(evidence) : html``}
${since ? changesSection(since.name, since.review) : html``}
${findingsSection(plan.findings)}
${signaturesSection(plan, evidence)}
${containersSection(plan, since?.review)}
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}

function number(value: number, of: string, className = ''): Html {
  return html`<li class="${className}"><b>${value}</b> ${of}</li>`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
