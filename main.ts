import { App } from 'cdk8s';
import { EssAirgap, synthesize } from './lib/index.ts';

// The cdk8s app. ESS_AIRGAP_CONFIG names the configurations of several deployments, separated by commas.
const app = new App();
for (const config of (process.env.ESS_AIRGAP_CONFIG || 'airgap.yaml').split(','))
  new EssAirgap(app, config, { config });
synthesize(app, { check: process.argv.includes('--check') });
