import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { auditWiring } from '../../lib/audit/wiring.ts';
import { makePlan } from '../../lib/index.ts';
import { renderValues } from '../../lib/plan/products/ess-helm/override.ts';
import { CHART, lockedRelease } from '../support/chart.ts';
import { configWith } from '../support/digests.ts';

describe('the wiring of ESS Helm', () => {
  const { info, images } = lockedRelease(readFileSync(`${CHART}/values.yaml`, 'utf8'));
  const config = configWith({ namespace: 'ess', gitops: 'flux' });
  const plan = makePlan(images, config, undefined, { info });
  const configMap = (name: string, values: string, uid?: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'ess', ...(uid && { uid }) },
    data: { 'values.yaml': values },
  });
  const results = (...objects: object[]) =>
    auditWiring(objects as Parameters<typeof auditWiring>[0], plan, config).map(({ ok, message }) => [
      ok,
      message,
    ]);
  const name = 'ess-images-digests-26.8.0';

  test('the ConfigMap for Flux has the version of the chart in its name, and is the override', () => {
    expect(results(configMap(name, renderValues(plan), 'u'))).toEqual([
      [true, 'has the 14 containers of the plan'],
    ]);
    expect(results(configMap(name, 'synapse: {}', 'u'))).toEqual([
      [false, 'is not the override of this plan'],
    ]);
    expect(results(configMap('other', '', 'u'))).toEqual([[false, 'is missing in the input']]);
  });

  test('ConfigMaps that a chart renders say nothing about it', () => {
    expect(results(configMap('synapse', ''))).toEqual([]);
    const byFile = configWith({ namespace: 'ess' });
    expect(
      auditWiring([configMap('x', '', 'u')] as never, makePlan(images, byFile, undefined, { info }), byFile),
    ).toEqual([]);
  });
});
