import { App, Testing } from 'cdk8s';
import { defineConfig, EssAirgap } from '../../lib/index.ts';

// Prints the objects of the admission policy of the sample, for main.go.

const config = defineConfig({
  apiVersion: 'ess-airgap/v1',
  registry: { server: 'localregistry.local', path: 'elementdeployment' },
  guard: { mode: 'enforce' },
});
const app = new App();
const deployment = new EssAirgap(app, 'ess', { config });
const chart = deployment.charts.find(({ node }) => node.id === 'ess-guard');
if (!chart) throw new Error('there is no chart ess-guard');
console.log(JSON.stringify(Testing.synth(chart)));
