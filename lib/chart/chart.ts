import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeText, readFileBytes } from '../input/file.ts';
import { InputError, type Problem, startOf } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { Source } from '../input/source.ts';
import { describeNode, parseYaml, type YamlMapping } from '../input/yaml.ts';
import { readChartArchive } from './archive.ts';
import { get } from './entries.ts';
import { parseValues } from './values.ts';

/** The parts of a Helm chart that its images depend on. */
export interface Chart {
  readonly name: string;
  readonly version: string;
  /** Its own `values.yaml`. */
  readonly values: YamlMapping;
}

/** The assumed chart if values.yaml is read without its Chart.yaml. */
const DEFAULT_NAME = 'matrix-stack';
const WHAT = 'a Helm chart: its values.yaml, its folder or its .tgz';

/**
 * Reads a chart from disk: its folder, its package (`.tgz`), or its `values.yaml`, as `helm show values` writes it.
 *
 * @param version version of the chart, required if values.yaml has no Chart.yaml next to it; otherwise it must be the
 *   chart's own version
 * @throws InputError with all problems of the files
 */
export function readChart(path: string, version?: string): Chart {
  if (existsSync(path) && statSync(path).isDirectory()) return readChartFolder(path, version);
  const bytes = readFileBytes(path, WHAT);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return readChartPackage(bytes, path, version);
  const beside = join(dirname(path), 'Chart.yaml');
  const values = parseValues(decodeText(bytes, path, WHAT), path);
  if (existsSync(beside)) return { ...readMetadata(beside, readText(beside), [], version), values };
  if (version === undefined) {
    throw new InputError([
      {
        place: startOf(path),
        message: 'the version of the chart is unknown: a values.yaml does not contain it',
        hint: 'Add --chart-version with the version that you passed to helm show values.',
      },
    ]);
  }
  return { name: DEFAULT_NAME, version: legalVersion(version), values };
}

/**
 * Reads a packaged chart: see {@link readChart}.
 *
 * @param file path of the package, for messages
 */
export function readChartPackage(bytes: Buffer, file: string, version?: string): Chart {
  const { files, dependencies } = readChartArchive(bytes, ['Chart.yaml', 'values.yaml'], file);
  const read = (name: string): string | undefined => {
    const data = files.get(name);
    return data && decodeText(data, `${file}!/${name}`, WHAT);
  };
  const metadata = read('Chart.yaml');
  const values = read('values.yaml');
  if (metadata === undefined || values === undefined) {
    throw missing(file, metadata === undefined ? 'Chart.yaml' : 'values.yaml');
  }
  return {
    ...readMetadata(`${file}!/Chart.yaml`, metadata, dependencies, version),
    values: parseValues(values, `${file}!/values.yaml`),
  };
}

function readChartFolder(folder: string, version?: string): Chart {
  const file = (name: string): string => join(folder, name);
  for (const name of ['Chart.yaml', 'values.yaml']) {
    if (!existsSync(file(name))) throw missing(folder, name);
  }
  const charts = file('charts');
  const dependencies = existsSync(charts) && statSync(charts).isDirectory() ? readdirSync(charts).sort() : [];
  return {
    ...readMetadata(file('Chart.yaml'), readText(file('Chart.yaml')), dependencies, version),
    values: parseValues(readText(file('values.yaml')), file('values.yaml')),
  };
}

function readText(path: string): string {
  return decodeText(readFileBytes(path, WHAT), path, WHAT);
}

function missing(file: string, name: string): InputError {
  return new InputError([{ place: startOf(file), message: `there is no ${name}; expected ${WHAT}` }]);
}

/**
 * Returns the chart's name and version. A chart with dependencies is rejected, because their images would be missed.
 */
function readMetadata(
  file: string,
  text: string,
  dependencies: readonly string[],
  expected: string | undefined,
): Pick<Chart, 'name' | 'version'> {
  const problems: Problem[] = [];
  const root = parseYaml(new Source(file, text.replace(/^\uFEFF/, '')), problems);
  if (root.kind !== 'mapping') {
    throw new InputError([
      ...problems,
      {
        place: root.place,
        message: `found ${describeNode(root)}; expected the name and version of a Helm chart`,
      },
    ]);
  }
  const word = (key: string, pattern: RegExp, example: string): string => {
    const found = get(root, key);
    if (found?.value.kind === 'scalar' && pattern.test(found.value.text)) return found.value.text;
    problems.push({
      place: found?.value.place ?? root.place,
      message: `${key} ${found ? `is ${describeNode(found.value)}` : 'is missing'}; expected one such as ${example}`,
    });
    return '';
  };
  const name = word('name', /^[A-Za-z0-9][A-Za-z0-9._-]{0,249}$/, 'matrix-stack');
  const version = word('version', VERSION, '26.8.1');
  const listed = get(root, 'dependencies');
  const named = listed?.value.kind === 'sequence' && listed.value.items.length > 0;
  if (named || dependencies.length > 0) {
    problems.push({
      place: listed?.place ?? root.place,
      message: `the chart has dependencies${dependencies.length > 0 ? ` (${dependencies.slice(0, 10).join(', ')})` : ''}; their images are not in the chart's values`,
      hint: 'Only charts without dependencies can be locked, because images of dependencies would be missed.',
    });
  }
  if (expected !== undefined && expected !== version) {
    problems.push({
      place: get(root, 'version')?.value.place ?? root.place,
      message: `this is version ${version} of the chart; found --chart-version ${expected}`,
    });
  }
  if (problems.length > 0) throw new InputError(problems);
  return { name, version };
}

/** Semantic Versioning 2.0.0 with an optional leading "v", as Helm accepts. */
const VERSION = /^v?\d{1,9}(\.\d{1,9}){0,2}(-[0-9A-Za-z.-]{1,100})?(\+[0-9A-Za-z.-]{1,100})?$/;

function legalVersion(version: string): string {
  if (VERSION.test(version)) return version;
  throw new InputError([
    {
      message: `the chart version ${quote(version)} is not valid; expected a version such as 26.8.1`,
    },
  ]);
}
