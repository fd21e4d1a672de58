import { App } from 'cdk8s';
import { addDeployments, synthesize } from './lib/index.ts';

// The cdk8s app: a deployment for each configuration that ESS_AIRGAP_CONFIG names, or for airgap.yaml.
const app = new App();
addDeployments(app);
synthesize(app, { check: process.argv.includes('--check') });
