import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Chart, readChart, readChartPackage } from '../../lib/chart/chart.ts';
import { chartImages } from '../../lib/chart/images.ts';
import { InputError } from '../../lib/index.ts';
import { folder } from '../support/cli.ts';
import { makeTar, makeTgz, type TarEntry } from '../support/tar.ts';

const FIXTURE = 'test/fixtures/ess-helm/matrix-stack';
const metadata = readFileSync(`${FIXTURE}/Chart.yaml`, 'utf8');
const values = readFileSync(`${FIXTURE}/values.yaml`, 'utf8');
const whole: readonly TarEntry[] = [
  { path: 'matrix-stack/Chart.yaml', data: metadata },
  { path: 'matrix-stack/values.yaml', data: values },
  { path: 'matrix-stack/templates/x.yaml', data: 'kind: {{ .x }}' },
];

const namesOf = (chart: Chart) => chartImages(chart, []).entries.map(({ component }) => component);

function problemOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('this was accepted');
}

describe('the forms of a chart', () => {
  const expected = namesOf(readChart(FIXTURE));

  test('a folder', () => {
    expect(readChart(FIXTURE)).toMatchObject({ name: 'matrix-stack', version: '26.8.0' });
    expect(expected).toHaveLength(14);
  });

  test.each([
    ['ustar', '--format=ustar'],
    ['pax', '--format=posix'],
    ['GNU', '--format=gnu'],
  ])('a package in the format %s', (_, format) => {
    const dir = folder();
    const tar = spawnSync('tar', [
      'czf',
      join(dir, 'c.tgz'),
      format,
      '-C',
      'test/fixtures/ess-helm',
      'matrix-stack',
    ]);
    expect(tar.status).toBe(0);
    const chart = readChart(join(dir, 'c.tgz'));
    expect(chart).toMatchObject({ name: 'matrix-stack', version: '26.8.0' });
    expect(namesOf(chart)).toEqual(expected);
  });

  test('a package whose names are long', () => {
    const dir = folder();
    const long = 'a'.repeat(150);
    mkdirSync(join(dir, long, 'templates'), { recursive: true });
    for (const [name, text] of [
      ['Chart.yaml', metadata],
      ['values.yaml', values],
    ] as const)
      writeFileSync(join(dir, long, name), text);
    for (const format of ['posix', 'gnu']) {
      spawnSync('tar', ['czf', 'c.tgz', `--format=${format}`, long], { cwd: dir });
      expect(namesOf(readChart(join(dir, 'c.tgz')))).toEqual(expected);
    }
  });

  test('values.yaml alone needs the version; beside Chart.yaml it has it', () => {
    const dir = folder({ 'values.yaml': values });
    const path = join(dir, 'values.yaml');
    expect(problemOf(() => readChart(path))).toMatch(
      /the version of the chart is unknown.*\n.*--chart-version/,
    );
    expect(readChart(path, '26.8.0')).toMatchObject({ name: 'matrix-stack', version: '26.8.0' });
    expect(problemOf(() => readChart(path, 'latest'))).toMatch(/the chart version "latest" is not valid/);
    expect(readChart(`${FIXTURE}/values.yaml`)).toMatchObject({ version: '26.8.0' });
    expect(problemOf(() => readChart(FIXTURE, '26.8.1'))).toMatch(/this is version 26\.8\.0 of the chart/);
  });

  test.each<[string, string, RegExp]>([
    ['no name', 'version: 1.0.0', /name is missing/],
    ['no version', 'name: c', /version is missing/],
    ['a version that is none', 'name: c\nversion: latest', /version is "latest"/],
    ['dependencies', 'name: c\nversion: 1.0.0\ndependencies: [{ name: redis }]', /has dependencies/],
    ['a list', '- c', /found a list/],
    ['no YAML', 'name: [', /not valid YAML/],
  ])('Chart.yaml: %s', (_, text, expected) => {
    const bytes = makeTgz([
      { path: 'c/Chart.yaml', data: text },
      { path: 'c/values.yaml', data: values },
    ]);
    expect(problemOf(() => readChartPackage(bytes, 'c.tgz'))).toMatch(
      /^c\.tgz!\/Chart\.yaml:\d+:\d+: error: /,
    );
    expect(problemOf(() => readChartPackage(bytes, 'c.tgz'))).toMatch(expected);
  });

  test('dependencies that are only files', () => {
    const bytes = makeTgz([...whole, { path: 'matrix-stack/charts/redis/values.yaml', data: '' }]);
    expect(problemOf(() => readChartPackage(bytes, 'c.tgz'))).toMatch(/has dependencies \(redis\)/);
  });
});

describe('hostile packages', () => {
  const pax = (record: string): string => {
    const size = record.length + 2;
    return `${size + String(size + String(size).length).length} ${record}\n`;
  };
  test.each<[string, () => Buffer, RegExp]>([
    ['not an archive of tar', () => gzipSync('x'.repeat(2000)), /checksum of a header/],
    ['cut off', () => makeTgz(whole).subarray(0, 300), /not a complete gzip archive/],
    ['a tar that is cut off', () => gzipSync(makeTar(whole).subarray(0, 700)), /cut off/],
    ['a tar without an end', () => gzipSync(makeTar(whole).subarray(0, -1024)), /cut off/],
    ['a bomb', () => gzipSync(Buffer.alloc(101 * 1024 * 1024)), /unpacks to more than/],
    [
      'a wrong checksum',
      () => {
        const tar = makeTar(whole);
        tar[0] = 0x6e;
        return gzipSync(tar);
      },
      /checksum of a header/,
    ],
    [
      'a path upwards',
      () => makeTgz([...whole, { path: 'c/../../etc/passwd' }]),
      /outside the chart's folder/,
    ],
    ['an absolute path', () => makeTgz([{ path: '/etc/passwd' }, ...whole]), /outside the chart's folder/],
    ['a path of Windows', () => makeTgz([{ path: 'c\\..\\x' }, ...whole]), /outside the chart's folder/],
    [
      'values.yaml is a link',
      () => makeTgz([...whole.slice(0, 1), { path: 'matrix-stack/values.yaml', type: '2' }]),
      /values\.yaml in the archive is not a regular file/,
    ],
    [
      'values.yaml is a hard link',
      () => makeTgz([...whole.slice(0, 1), { path: 'matrix-stack/values.yaml', type: '1' }]),
      /not a regular file/,
    ],
    [
      'values.yaml twice',
      () => makeTgz([...whole, { path: 'other/values.yaml', data: values }]),
      /has values\.yaml twice/,
    ],
    [
      'values.yaml twice, once under another name',
      () =>
        makeTgz([
          ...whole,
          { path: 'h', type: 'x', data: pax('path=matrix-stack/values.yaml') },
          { path: 'decoy', data: values },
        ]),
      /has values\.yaml twice/,
    ],
    [
      'values.yaml by a long name of GNU',
      () =>
        makeTgz([
          ...whole,
          { path: '././@LongLink', type: 'L', data: 'matrix-stack/values.yaml\0' },
          { path: 'decoy', data: values },
        ]),
      /has values\.yaml twice/,
    ],
    [
      'a size of its own in a pax header',
      () => makeTgz([{ path: 'h', type: 'x', data: pax('size=9') }, ...whole]),
      /more than 8 GiB/,
    ],
    [
      'a pax header that is none',
      () => makeTgz([{ path: 'h', type: 'x', data: 'path=x' }, ...whole]),
      /a pax header is not valid/,
    ],
    ['no values.yaml', () => makeTgz(whole.slice(0, 1)), /there is no values\.yaml/],
    ['nothing', () => makeTgz([]), /there is no Chart\.yaml/],
    [
      'no UTF-8',
      () => makeTgz([...whole.slice(0, 1), { path: 'c/values.yaml', data: Buffer.from([0xff, 0xfe]) }]),
      /not UTF-8/,
    ],
  ])('%s', (_, make, expected) => {
    expect(problemOf(() => readChartPackage(make(), 'c.tgz'))).toMatch(expected);
  });

  test('a package with any byte changed is read, or an error in words', () => {
    const tar = makeTar(whole);
    fc.assert(
      fc.property(fc.nat(tar.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(tar);
        changed[at] = byte;
        try {
          readChartPackage(gzipSync(changed, { level: 0 }), 'c.tgz');
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
