import { App } from 'cdk8s';
import { configFiles, EssAirgap, synthesize } from './lib/index.ts';

// The cdk8s app: each configuration that ESS_AIRGAP_CONFIG names, or airgap.yaml.
const app = new App();
for (const config of configFiles()) new EssAirgap(app, config, { config });
synthesize(app, { check: process.argv.includes('--check') });
