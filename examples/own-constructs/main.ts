import { App, Chart } from 'cdk8s';
import { DigestsConfigMap, loadProject, MirrorJob, refuseErrors } from '../../lib/index.ts'; // in your app: 'ess-airgap'

// An app of your own that takes the constructs it wants: one chart, a namespace that is there already, and a Secret that
// somebody else makes.
const { config, plan } = loadProject('airgap.yaml');
refuseErrors(plan.findings);

const app = new App();
const chart = new Chart(app, 'ess', { disableResourceNameHashes: true, labels: { team: 'chat' } });
new DigestsConfigMap(chart, 'digests', { plan, namespace: config.namespace });
new MirrorJob(chart, 'mirror', {
  plan,
  namespace: 'registry-tools',
  image:
    'quay.io/skopeo/stable:v1.22.3-immutable@sha256:c0ee1f4edca5c01cb8d5611124f92f3cc47196ecab68aee5d0f90834e00574d5',
  credentials: [{ server: 'localregistry.local', secretName: 'registry-push' }],
});
app.synth();
