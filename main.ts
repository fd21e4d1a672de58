import { App } from 'cdk8s';
import { configPaths, EssAirgap, synthesize } from './lib/index.ts';

// The cdk8s app. ESS_AIRGAP_CONFIG names the configurations of several deployments, separated by commas.
const app = new App();
for (const config of configPaths(process.env)) new EssAirgap(app, config, { config });
synthesize(app, { check: process.argv.includes('--check') });
