import { join, relative } from 'node:path';
import { App } from 'cdk8s';
import { refuseBadInput } from './lib/app/refuse.ts';
import { summarize } from './lib/app/summary.ts';
import { redact } from './lib/credentials/redact.ts';
import {
  addCharts,
  collectProblems,
  loadProjects,
  refuseCollisions,
  refuseCommittedSecrets,
  refuseErrors,
  refuseInvalid,
} from './lib/index.ts';

// The cdk8s app: `npm run synth`. With --check nothing is written, only what stands against it is said: `cdk8s
// synth` deletes dist/ before it runs the app, so `npm run synth` asks first.
refuseBadInput(() => {
  // Several deployments: ESS_AIRGAP_CONFIG=staging.yaml,production.yaml, each with a name of its own.
  const projects = loadProjects((process.env.ESS_AIRGAP_CONFIG || 'airgap.yaml').split(','));
  refuseErrors(projects.flatMap(({ plan }) => plan.findings));

  const app = new App({ recordConstructMetadata: false });
  const deployments = collectProblems(projects, ({ plan, config, place }) => ({
    plan,
    config,
    charts: addCharts(app, plan, config, process.env, place),
  }));
  refuseCollisions(deployments);
  refuseCommittedSecrets(app);
  refuseInvalid(app);
  if (process.argv.includes('--check')) return;

  app.synth();
  const outdir = relative('', app.outdir);
  const summaries = deployments.map(({ plan, config, charts }) =>
    summarize(
      plan,
      config,
      charts.map(({ node }) => join(outdir, `${node.id}${app.outputFileExtension}`)),
    ),
  );
  // cdk8s shows what an app says on standard error and swallows the rest.
  process.stderr.write(redact(summaries.join('\n'), process.env));
});
