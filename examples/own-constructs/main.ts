import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { EssAirgap, loadProject, MirrorJob } from '../../lib/index.ts'; // in your app: 'ess-airgap'

// An app of your own. One construct is the whole of a deployment: its charts, and the validation without which they must
// not be synthesised.
const app = new App();
const project = loadProject('airgap.yaml');
const ess = new EssAirgap(app, 'ess', { ...project, labels: { team: 'chat' } });

// What the configuration has no key for is a patch. The Job gets another name by it: it does something else.
if (ess.mirrorJob) {
  const podAntiAffinity = {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: {
          labelSelector: { matchLabels: { 'app.kubernetes.io/component': 'mirror' } },
          topologyKey: 'kubernetes.io/hostname',
        },
      },
    ],
  };
  ApiObject.of(ess.mirrorJob).addJsonPatch(
    JsonPatch.add('/spec/template/spec/affinity', { podAntiAffinity }),
  );
}

// The parts serve alone too: here a second Job that only checks, in a namespace and a chart of yours.
const tools = new Chart(app, 'registry-tools', { namespace: 'registry-tools', labels: { team: 'chat' } });
new MirrorJob(tools, 'verify', {
  plan: project.plan,
  image:
    'quay.io/skopeo/stable:v1.22.3-immutable@sha256:c0ee1f4edca5c01cb8d5611124f92f3cc47196ecab68aee5d0f90834e00574d5',
  mode: 'verify',
  credentials: [{ server: 'localregistry.local', secretName: 'registry-read' }],
});
app.synth();
