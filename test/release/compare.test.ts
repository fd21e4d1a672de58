import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineConfig, parseDigests } from '../../lib/index.ts';
import { compareReleases } from '../../lib/release/compare.ts';
import { whenAdded } from '../../lib/release/describe.ts';
import { reviewRelease } from '../../lib/release/review.ts';
import { configuration, digestsFile, release } from '../support/arbitraries.ts';
import { configWith, containers, digestOf } from '../support/digests.ts';

const releases = release.map((generated) => parseDigests(digestsFile(generated), 'images_digests.yml'));

describe('any two releases', () => {
  test('a release compared with itself has changed nothing, in whatever order', () => {
    fc.assert(
      fc.property(releases, (images) => {
        const { unchanged, ...changes } = compareReleases(images, [...images].reverse());
        expect(unchanged).toBe(images.length);
        expect(Object.values(changes).flat()).toEqual([]);
      }),
    );
  });

  test('every container is added, removed, changed or unchanged, once; and the way back is the mirror image', () => {
    fc.assert(
      fc.property(releases, releases, (old, now) => {
        const { added, removed, changed, unchanged } = compareReleases(old, now);
        const moved = changed.reduce((sum, { containers }) => sum + containers.length, 0);
        expect(added.length + moved + unchanged).toBe(now.length);
        expect(removed.length + moved + unchanged).toBe(old.length);
        const back = compareReleases(now, old);
        expect(back.added.map(name)).toEqual(removed.map(name));
        expect(back.unchanged).toBe(unchanged);
        for (const { differences } of changed) expect(differences.length).toBeGreaterThan(0);
      }),
    );
  });

  test('the same release again copies nothing, frees nothing and decides nothing, under any configuration', () => {
    fc.assert(
      fc.property(releases, configuration, (images, input) => {
        const review = reviewRelease(images, images, defineConfig(input));
        expect(review).toMatchObject({ toCopy: [], unused: [], decisions: [] });
      }),
    );
  });

  test('what is to be copied and what was there already are together what the new plan needs', () => {
    fc.assert(
      fc.property(releases, releases, configuration, (old, now, input) => {
        const { plan, toCopy = [], unused = [] } = reviewRelease(old, now, defineConfig(input));
        const key = (image: { repository: string; tag?: string }) => `${image.repository}:${image.tag}`;
        // A release that is on the local server already is taken for a ConfigMap, which has no plan.
        fc.pre(plan !== undefined);
        const wanted = new Set(plan.relocations.map(({ target }) => key(target)));
        for (const { target } of toCopy) expect(wanted).toContain(key(target));
        for (const image of unused) expect(wanted).not.toContain(key(image));
      }),
    );
  });
});

describe('what needs a decision', () => {
  const before = { 'web/web': `docker.io/web/web:1@${digestOf('1')}` };
  const codes = (old: Record<string, string>, now: Record<string, string>, config = configWith()) =>
    reviewRelease(containers(old), containers(now), config).decisions.map(({ code }) => code);

  test.each([
    ['a new tag', { 'web/web': `docker.io/web/web:2@${digestOf('2')}` }],
    ['the same tag with a new digest', { 'web/web': `docker.io/web/web:1@${digestOf('2')}` }],
    ['another repository', { 'web/web': `docker.io/element/web:1@${digestOf('1')}` }],
    ['a container that the layout places', { ...before, 'web/x': `docker.io/x/x:1@${digestOf('3')}` }],
  ])('%s does not', (_, now) => {
    expect(codes(before, now)).toEqual([]);
  });

  test('a container less does not', () => {
    const both = { ...before, 'web/x': `docker.io/x/x:1@${digestOf('3')}` };
    expect(codes(both, before)).toEqual([]);
  });

  test('a new source server does', () => {
    expect(codes(before, { 'web/web': `ghcr.io/web/web:1@${digestOf('1')}` })).toEqual(['server-added']);
  });

  test('two images that meet in the new release do', () => {
    const now = { ...before, 'web/x': `docker.io/x/web:1@${digestOf('3')}` };
    expect(codes(before, now, configWith({ registry: { layout: 'flat' } }))).toEqual(['target-collision']);
  });

  test('what exclude and copyOnly leave out does, with its own advice', () => {
    const old = {
      ...before,
      'b/x': `docker.io/b/x:1@${digestOf('3')}`,
      'c/x': `docker.io/c/x:1@${digestOf('4')}`,
    };
    const now = {
      ...before,
      'b/x': `docker.io/b/x:2@${digestOf('5')}`,
      'b/y': `docker.io/b/y:1@${digestOf('6')}`,
      'c/x': `docker.io/c/x:2@${digestOf('7')}`,
      'c/y': `docker.io/c/y:1@${digestOf('8')}`,
    };
    const config = configWith({ exclude: ['b'], copyOnly: ['c'] });
    const review = reviewRelease(containers(old), containers(now), config);
    expect(review.decisions).toMatchObject([
      { code: 'container-added-excluded', hint: expect.stringContaining('use copyOnly') },
      {
        code: 'container-added-copy-only',
        hint: `Set its image in the configuration of the container: localregistry.local/c/y:1@${digestOf('8')}`,
      },
      { code: 'excluded-changed' },
      {
        code: 'copy-only-changed',
        hint: `Change it in the configuration of the container: localregistry.local/c/x:2@${digestOf('7')}`,
      },
    ]);
    expect(review.toCopy?.map(({ target }) => target.repository)).toEqual(['c/x', 'c/y']);
    const words = review.comparison.added.map((image) => whenAdded(review, image));
    expect(words).toEqual([
      'would run from docker.io: it is excluded',
      'would run from docker.io until you configure its copy, localregistry.local/c/y:1@sha256:888888888888',
    ]);
  });

  test('a rule and an override that the new release no longer needs do', () => {
    const both = { ...before, 'web/x': `quay.io/x/x:1@${digestOf('3')}` };
    const config = configWith({
      rules: [{ match: 'quay.io/**', to: 'q/{name}' }],
      overrides: { 'web/x': { repository: 'mine/x' } },
    });
    expect(codes(both, before, config)).toEqual(['rule-unmatched', 'override-unmatched']);
  });

  test('without a configuration, every new container does', () => {
    const now = { ...before, 'web/x': `docker.io/x/x:1@${digestOf('3')}` };
    const review = reviewRelease(containers(before), containers(now));
    expect(review.decisions).toMatchObject([
      { code: 'container-added', message: 'web/x is new: it would run from docker.io' },
    ]);
    expect(review).not.toHaveProperty('toCopy');
  });
});

describe('ConfigMaps', () => {
  const config = configWith({ registry: { path: 'ess' } });
  const one = { 'web/web': `docker.io/web/web:1@${digestOf('1')}` };
  const local = { 'web/web': `localregistry.local/ess/web/web:1@${digestOf('1')}` };

  test('the ConfigMap of a release is the same as the release', () => {
    expect(reviewRelease(containers(local), containers(one), config)).toMatchObject({
      comparison: { changed: [], added: [], removed: [], unchanged: 1 },
      toCopy: [],
      unused: [],
      decisions: [],
    });
  });

  test('a container that the new one lacks would run from the internet', () => {
    const more = { ...local, 'web/x': `localregistry.local/ess/x/x:1@${digestOf('3')}` };
    expect(reviewRelease(containers(more), containers(local), config).decisions).toMatchObject([
      {
        code: 'container-dropped',
        message: 'the ConfigMap no longer has web/x: it would run from the internet',
      },
    ]);
  });
});

function name({ component, container }: { component: string; container: string }): string {
  return `${component}/${container}`;
}
