import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { App } from 'cdk8s';
import { refuseBadInput } from './lib/cli/refuse.ts';
import { summarize } from './lib/cli/summary.ts';
import { addCharts, loadProject, refuseErrors } from './lib/index.ts';

// The cdk8s app: `npm run synth`. With --check nothing is written, only what stands against it is said: `cdk8s
// synth` deletes dist/ before it runs the app, so `npm run synth` asks first.
refuseBadInput(() => {
  const { config, plan } = loadProject(process.env.ESS_AIRGAP_CONFIG || 'airgap.yaml');
  refuseErrors(plan.findings);

  const app = new App();
  addCharts(app, plan, config, process.env);
  if (process.argv.includes('--check')) return;

  app.synth();
  const files = existsSync(app.outdir) ? readdirSync(app.outdir).sort() : [];
  // cdk8s shows what an app says on standard error and swallows the rest.
  process.stderr.write(
    summarize(
      plan,
      config,
      files.map((file) => join(relative('', app.outdir), file)),
    ),
  );
});
