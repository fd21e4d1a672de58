import { expect, test } from 'vitest';
import type { ImageLayers } from '../../lib/digests/layers.ts';
import { defineConfig } from '../../lib/index.ts';
import { renderPlanFiles } from '../../lib/mirror/plan-file.ts';
import { makePlan } from '../../lib/plan/plan.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const skopeo = `quay.io/skopeo/stable@sha256:${'b'.repeat(64)}`;
const container = {
  component: 'web',
  container: 'web',
  image: { registry: 'docker.io', repository: 'vectorim/web', tag: 'v1', digest },
};
const one = (name: string, size: number) => ({ name: name.repeat(12), size });
const index: ImageLayers = new Map([
  [
    `docker.io/vectorim/web@${digest}`,
    [
      { platform: 'linux/amd64', layers: [one('1', 10), one('2', 20)] },
      { platform: 'linux/arm64/v8', layers: [one('2', 20), one('3', 30)] },
      { platform: 'linux/s390x', layers: [one('4', 40)] },
    ],
  ],
]);

const planFile = (platforms: 'all' | string[], layers?: ImageLayers) => {
  const config = defineConfig({
    apiVersion: 'ess-airgap/v1',
    registry: { server: 'localregistry.local' },
    mirror: { image: skopeo, platforms },
  });
  const plan = makePlan([container], config, undefined, layers && { layers });
  return { plan, text: renderPlanFiles(plan, [], 1e6).join('') };
};

test('the plan file names the layers of the platforms that are copied, each once', () => {
  expect(planFile('all', index).text).toMatch(
    / layers=111111111111:10,222222222222:20,333333333333:30,444444444444:40\n$/,
  );
  // An index may say arm64/v8 for what the configuration calls arm64.
  expect(planFile(['linux/arm64'], index).text).toMatch(/ layers=222222222222:20,333333333333:30\n$/);
});

test('an image that is no index is copied whole, whatever the platforms', () => {
  const single = new Map([[`docker.io/vectorim/web@${digest}`, [{ layers: [one('1', 10)] }]]]);
  expect(planFile(['linux/amd64'], single).text).toMatch(/ layers=111111111111:10\n$/);
});

test('layers change neither what the plan does nor its hash; of another digest nothing is known', () => {
  const other = new Map([[`docker.io/vectorim/web@sha256:${'c'.repeat(64)}`, [{ layers: [one('1', 10)] }]]]);
  const without = planFile('all');
  expect(planFile('all', other).text).toBe(without.text);
  expect(planFile('all', index).plan.hash).toBe(without.plan.hash);
  expect(without.text).not.toContain('layers=');
});
