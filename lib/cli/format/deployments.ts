import type { Project } from '../../project.ts';
import type { Terminal } from '../terminal.ts';
import { jsonText } from './json.ts';

// The output about a single deployment has no heading; with several deployments, each has its name as a heading.

/** What is known of a deployment here. */
type Deployment = Pick<Project, 'config' | 'place'>;

/** Texts for a terminal. */
export function deploymentsText<D extends Deployment>(
  deployments: readonly D[],
  { colors }: Terminal,
  render: (deployment: D) => string,
): string {
  return join(deployments, render, (title) => colors.bold(title));
}

/** Texts in Markdown. */
export function deploymentsMarkdown<D extends Deployment>(
  deployments: readonly D[],
  render: (deployment: D) => string,
): string {
  return join(deployments, render, (title) => `# ${title}`);
}

/** One value of JSON, or a list of them. */
export function deploymentsJson<D extends Deployment>(
  deployments: readonly D[],
  toValue: (deployment: D) => object,
): string {
  const values = deployments.map((deployment) => ({
    ...(deployments.length > 1 && { deployment: deployment.config.name ?? null, config: fileOf(deployment) }),
    ...toValue(deployment),
  }));
  return jsonText(deployments.length > 1 ? values : values[0]);
}

function join<D extends Deployment>(
  deployments: readonly D[],
  render: (deployment: D) => string,
  heading: (title: string) => string,
): string {
  if (deployments.length === 1) return deployments.map(render).join('');
  return deployments
    .map((deployment) => {
      const title = `Deployment ${deployment.config.name ?? 'without a name'} (${fileOf(deployment)})`;
      return `${heading(title)}\n\n${render(deployment)}`;
    })
    .join('\n');
}

function fileOf({ place }: Deployment): string {
  return place().file;
}
