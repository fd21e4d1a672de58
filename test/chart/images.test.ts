import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readChart } from '../../lib/chart/chart.ts';
import { chartImages } from '../../lib/chart/images.ts';
import { parseValues } from '../../lib/chart/values.ts';
import { formatReference, InputError } from '../../lib/index.ts';

const FIXTURE = 'test/fixtures/ess-helm/matrix-stack';

function imagesOf(chart: string, ...files: string[]) {
  return chartImages(
    { name: 'c', version: '1.0.0', values: parseValues(chart, 'values.yaml') },
    files.map((text, index) => parseValues(text, `mine-${index}.yaml`)),
  );
}

const listed = (...args: Parameters<typeof imagesOf>) =>
  imagesOf(...args).entries.map(
    ({ component, container, image, enabled, form }) =>
      `${component} ${container} ${formatReference(image)}${enabled ? '' : ' off'}${form === 'inline' ? ' inline' : ''}`,
  );

function problemsOf(...args: Parameters<typeof imagesOf>): string {
  try {
    imagesOf(...args);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('this was accepted');
}

const a = (more = '') => `a: { image: { registry: r.example, repository: x/y, tag: "1.10"${more} } }`;

describe('images are found by their structure', () => {
  test('the chart of the fixture: every entry, and the key of the pull Secrets', () => {
    const { entries, pullSecretsKey } = chartImages(readChart(FIXTURE), []);
    expect(pullSecretsKey).toBe('image.pullSecrets');
    const named = readFileSync(`${FIXTURE}/values.yaml`, 'utf8').match(/^ *repository: /gm);
    expect(entries).toHaveLength(named?.length ?? 0);
    expect(entries).toHaveLength(14);
    expect(entries.filter(({ enabled }) => !enabled).map(({ component }) => component)).toEqual([
      'hookshot',
      'matrixAuthenticationService.syn2mas',
    ]);
  });

  test.each<[string, string, string[]]>([
    [
      'any depth, any last key',
      'a: { b: { c: { picture: { registry: r.example, repository: x, tag: t } } } }',
      ['a.b.c picture r.example/x:t'],
    ],
    ['a tag stays as it is written', a(), ['a image r.example/x/y:1.10']],
    [
      'tag and digest',
      a(`, digest: "sha256:${'1'.repeat(64)}"`),
      [`a image r.example/x/y:1.10@sha256:${'1'.repeat(64)}`],
    ],
    [
      'an empty tag beside a digest',
      `a: { image: { registry: r.example, repository: x, tag: "", digest: "sha256:${'1'.repeat(64)}" } }`,
      [`a image r.example/x@sha256:${'1'.repeat(64)}`],
    ],
    [
      'off around it',
      `a: { enabled: false, b: { image: { registry: r.example, repository: x, tag: t } } }`,
      ['a.b image r.example/x:t off'],
    ],
    [
      'off in words of YAML 1.1',
      `a: { enabled: no, image: { registry: r.example, repository: x, tag: t } }`,
      ['a image r.example/x:t off'],
    ],
    [
      '"false" is a text',
      `a: { enabled: "false", image: { registry: r.example, repository: x, tag: t } }`,
      ['a image r.example/x:t'],
    ],
    [
      'an anchor',
      'x: &x { registry: r.example, repository: x, tag: t }\na: { image: *x }\nb: { image: *x }',
      ['a image r.example/x:t', 'b image r.example/x:t'],
    ],
    [
      'a container in a list',
      `${a()}\nl: { extraInitContainers: [{ name: wait, image: "r.example/w:1" }] }`,
      ['a image r.example/x/y:1.10', 'l.extraInitContainers.wait image r.example/w:1 inline'],
    ],
    [
      'as Kubernetes reads it',
      `${a()}\nl: { extraInitContainers: [{ image: busybox }, { image: "acme/b:2" }, { image: "localhost/b:2" }] }`,
      [
        'a image r.example/x/y:1.10',
        'l.extraInitContainers.0 image docker.io/library/busybox:latest inline',
        'l.extraInitContainers.1 image docker.io/acme/b:2 inline',
        'l.extraInitContainers.2 image localhost/b:2 inline',
      ],
    ],
    [
      'two of one name',
      `${a()}\nl: { c: [{ name: n, image: "r.example/1:1" }, { name: n, image: "r.example/2:2" }] }`,
      ['a image r.example/x/y:1.10', 'l.c.0 image r.example/1:1 inline', 'l.c.1 image r.example/2:2 inline'],
    ],
    [
      'a mapping inside a list',
      `${a()}\nl: { c: [{ image: { registry: r.example, repository: z, tag: t } }] }`,
      ['a image r.example/x/y:1.10', 'l.c.0 image r.example/z:t inline'],
    ],
  ])('%s', (_, chart, expected) => {
    // x alone has no path of two keys, and is reported.
    const without = chart.replace(/^x: &x (\{.*\})\n(.*)\*x/, 'y: { x: &x $1 }\n$2*x');
    expect(listed(without).filter((line) => !line.startsWith('y '))).toEqual(expected);
  });

  test('a list of containers comes from the user, and may be replaced', () => {
    const chart = `${a()}\nl: { extraInitContainers: [{ name: old, image: "r.example/old:1" }] }`;
    expect(listed(chart, 'l: { extraInitContainers: [] }')).toEqual(['a image r.example/x/y:1.10']);
  });

  test("the user's values win, and switch components on", () => {
    const chart = `a: { enabled: false, image: { registry: r.example, repository: x, tag: t } }`;
    expect(listed(chart, 'a: { enabled: true, image: { tag: u } }')).toEqual(['a image r.example/x:u']);
  });

  test('the key of the pull Secrets in older charts; none where there is none', () => {
    expect(imagesOf(`imagePullSecrets: []\n${a()}`).pullSecretsKey).toBe('imagePullSecrets');
    expect(imagesOf(a()).pullSecretsKey).toBeUndefined();
  });
});

describe('what cannot be read as an image is an error with its place', () => {
  test.each<[string, string[], RegExp]>([
    [
      'registry: null',
      [a(), 'a: { image: { registry: null } }'],
      /^mine-0\.yaml:1:15: error: these values remove the image a\.image/,
    ],
    [
      'the image is a word',
      [a(), 'a: { image: r.example/x:1 }'],
      /^mine-0\.yaml:1:6: error: these values remove the/,
    ],
    [
      'the component is deleted',
      [a(), 'b: 1', 'a: null'],
      /^mine-1\.yaml:1:1: error: these values remove the/,
    ],
    ['registry ""', [a(), 'a: { image: { registry: "" } }'], /a\.image has no registry/],
    ['no tag', [a(), 'a: { image: { tag: null } }'], /a\.image has no tag and no digest/],
    [
      'an illegal repository',
      [a(), 'a: { image: { repository: X Y } }'],
      /the image "r\.example\/X Y:1\.10" of a\.image is not valid/,
    ],
    ['a digest of another kind', [a(', digest: "sha256:1"')], /of a\.image is not valid/],
    [
      'a tag that is a list',
      [a(), 'a: { image: { tag: [1] } }'],
      /a\.image\.tag is a list; expected a string/,
    ],
    ['a template', [`${a()}\nl: { c: [{ image: "{{ .Values.x }}" }] }`], /l\.c\.0\.image is a template/],
    [
      'at the top level',
      ['image: { registry: r.example, repository: x, tag: t }'],
      /use the name of the image entry image: it is at the top level/,
    ],
    [
      'a key with a dot',
      ['a.b: { image: { registry: r.example, repository: x, tag: t } }'],
      /the key "a\.b" has characters other than/,
    ],
    ['no image at all', ['a: 1'], /the values have no images/],
  ])('%s', (_, [chart = '', ...files], expected) => {
    expect(problemsOf(chart, ...files)).toMatch(expected);
  });

  test('all of them at once', () => {
    const text = problemsOf(
      `${a()}\nb: { image: { registry: r.example, repository: x, tag: t } }`,
      'a: { image: { tag: null } }\nb: { image: { registry: null } }',
    );
    expect(text.match(/error:/g)).toHaveLength(2);
  });
});
