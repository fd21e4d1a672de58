import fc from 'fast-check';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { defineConfig, makePlan, parseDigests } from '../../lib/index.ts';
import { renderOverrides } from '../../lib/plan/products/classic/override.ts';
import { configuration, digestsFile, type Generated, release } from '../support/arbitraries.ts';

type Tree = Record<string, Record<string, Record<string, string>>>;

const planOf = (containers: readonly Generated[], input: Parameters<typeof defineConfig>[0]) =>
  makePlan(parseDigests(digestsFile(containers), 'd.yml'), defineConfig(input));

const runs = { numRuns: 300 };

test('every container is overridden, only copied or excluded; the images of the first two are in the copy plan', () => {
  fc.assert(
    fc.property(release, configuration, (containers, input) => {
      const plan = planOf(containers, input);
      const names = containers.map(({ component, container }) => `${component}/${container}`).sort();
      const overridden = plan.overrides.map(({ component, container }) => `${component}/${container}`);
      const excluded = plan.excluded.map(({ component, container }) => `${component}/${container}`);
      const copied = plan.copyOnly.map(({ component, container }) => `${component}/${container}`);
      expect([...overridden, ...copied, ...excluded].sort()).toEqual(names);

      for (const { component, container, repository, tag, digest } of [...plan.overrides, ...plan.copyOnly]) {
        const brought = plan.relocations.filter(({ containers }) =>
          containers.includes(`${component}/${container}`),
        );
        expect(brought).toHaveLength(1);
        expect(brought[0]?.target).toMatchObject({ repository, tag });
        if (digest) expect(brought[0]?.target.digest).toBe(digest);
      }
      const used = plan.relocations.flatMap(({ containers }) => containers);
      expect(used.sort()).toEqual([...overridden, ...copied].sort());
    }),
    runs,
  );
});

test('readers of YAML 1.1 and 1.2 get back the strings that were meant', () => {
  fc.assert(
    fc.property(release, configuration, (containers, input) => {
      const plan = planOf(containers, input);
      const expected: Tree = {};
      for (const { component, container, server, repository, tag, digest } of plan.overrides) {
        expected[component] ??= {};
        expected[component][container] = {
          image_digest: digest,
          image_repository_path: repository,
          image_repository_server: server,
          image_tag: tag,
        };
      }
      const text = renderOverrides(plan.overrides);
      if (plan.overrides.length === 0) return;
      expect(parse(text, { version: '1.1' })).toEqual(expected);
      expect(parse(text, { version: '1.2' })).toEqual(expected);
      expect(load(text)).toEqual(expected);
    }),
    runs,
  );
});

test.each(['e0', 'E5', 'e1_0', 'on', '1.10', '0o17', 'null', '1:30'])('%s is written in quotes', (tag) => {
  const image = { component: tag, container: 'x', server: 'a.b', repository: 'x/y', digest: '', tag };
  expect(renderOverrides([image])).toContain(`image_tag: "${tag}"`);
});

test('a bare tag of the digests file reaches the override as it was written', () => {
  fc.assert(
    fc.property(release, (containers) => {
      const plan = planOf(containers, { apiVersion: 'ess-airgap/v1', registry: { server: 'a.b' } });
      for (const { component, container, tag } of containers) {
        const override = plan.overrides.find(
          (it) => it.component === component && it.container === container,
        );
        if (tag) expect(override?.tag).toBe(tag);
        else expect(override?.tag).toMatch(/^sha256-[0-9a-f]{32}$/);
      }
    }),
    runs,
  );
});

test('the same input gives the same bytes, in whatever order it comes', () => {
  fc.assert(
    fc.property(
      release.chain((containers) =>
        fc.tuple(fc.constant(containers), fc.shuffledSubarray(containers, { minLength: containers.length })),
      ),
      configuration,
      ([containers, shuffled], input) => {
        const [one, other] = [planOf(containers, input), planOf(shuffled, input)];
        expect(other.hash).toBe(one.hash);
        expect(renderOverrides(other.overrides)).toBe(renderOverrides(one.overrides));
        expect(other.relocations).toEqual(one.relocations);
        const texts = (plan: typeof one) => plan.findings.map(({ code, message }) => `${code} ${message}`);
        expect(texts(other)).toEqual(texts(one));
      },
    ),
    runs,
  );
});

test('what the override says can be read back as a digests file and plans to itself', () => {
  fc.assert(
    fc.property(release, (containers) => {
      const input = { apiVersion: 'ess-airgap/v1', registry: { server: 'a.b' } } as const;
      const plan = planOf(containers, input);
      const again = makePlan(parseDigests(renderOverrides(plan.overrides), 'cm.yml'), defineConfig(input));
      expect(again.overrides).toEqual(plan.overrides);
    }),
    runs,
  );
});
