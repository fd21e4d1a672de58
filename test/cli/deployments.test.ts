import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { essAirgap, folder } from '../support/cli.ts';
import { makeImage, pushImage } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

const deployment = (name: string): string =>
  `apiVersion: ess-airgap/v1\nname: ${name}\ndigests: images_digests.yml\nregistry: { server: ${name}.local }\n`;
const files = {
  'staging.yaml': deployment('staging'),
  'production.yaml': deployment('production'),
  'images_digests.yml': { from: 'images_digests.yml' },
};
const both = ['--config', 'staging.yaml', '--config', 'production.yaml'];
const env = { ESS_AIRGAP_CONFIG: 'staging.yaml, production.yaml' };

describe('several deployments', () => {
  test('--config twice is what ESS_AIRGAP_CONFIG with a comma is', () => {
    const cwd = folder(files);
    for (const args of [['plan'], ['plan', '--format', 'json'], ['lint'], ['wiring']]) {
      const run = essAirgap([...args, ...both], { cwd });
      expect(run.status).toBe(0);
      expect(run.stdout).toContain('production');
      expect(essAirgap(args, { cwd, env })).toEqual(run);
    }
  });

  test('text is headed by the name, JSON is a list, CSV has a column, YAML a document for each', () => {
    const cwd = folder(files);
    const { stdout } = essAirgap(['plan', ...both], { cwd });
    expect(stdout.match(/^Deployment .*/gm)).toEqual([
      'Deployment staging (staging.yaml)',
      'Deployment production (production.yaml)',
    ]);
    const json = JSON.parse(essAirgap(['plan', ...both, '--format', 'json'], { cwd }).stdout);
    expect(json).toMatchObject([
      { deployment: 'staging', config: 'staging.yaml' },
      { deployment: 'production', config: 'production.yaml' },
    ]);
    const csv = essAirgap(['plan', ...both, '--format', 'csv'], { cwd })
      .stdout.trimEnd()
      .split('\r\n');
    expect(csv[0]).toMatch(/^deployment,component,/);
    expect(new Set(csv.slice(1).map((row) => row.split(',')[0]))).toEqual(new Set(['staging', 'production']));
    const yaml = parseAllDocuments(essAirgap(['wiring', ...both, '--format', 'yaml'], { cwd }).stdout);
    expect(yaml).toHaveLength(2);
  });

  test('preflight asks for each deployment; the exit code is that of the worst', async () => {
    const registry = await startRegistry();
    onTestFinished(() => registry.stop());
    const image = makeImage({ name: 'a' });
    await pushImage(registry.server, 'up/a', '1', image);
    const release = (path: string) =>
      digestsFileOf({ 'a/a': `${registry.server}/${path}:1@${image.digest}` });
    const config = (name: string) => `apiVersion: ess-airgap/v1
name: ${name}
digests: ${name}.yml
registry: { server: '${registry.server}', path: ${name} }
mirror: { image: '${registry.server}/skopeo@${image.digest}', insecure: ['${registry.server}'] }
`;
    const cwd = folder({
      'staging.yml': release('up/a'),
      'production.yml': release('up/missing'),
      'staging.yaml': config('staging'),
      'production.yaml': config('production'),
    });
    const text = essAirgap(['preflight', ...both, '--output', 'out'], { cwd });
    expect(text).toMatchObject({ status: 1, stdout: '' });
    expect(readFileSync(`${cwd}/out`, 'utf8').match(/^(Deployment|The copy) .*/gm)).toEqual([
      'Deployment staging (staging.yaml)',
      expect.stringContaining('The copy can start'),
      'Deployment production (production.yaml)',
      expect.stringContaining('The copy would fail'),
    ]);
    expect(JSON.parse(essAirgap(['preflight', ...both, '--format', 'json'], { cwd }).stdout)).toMatchObject([
      { deployment: 'staging', config: 'staging.yaml', result: 'ok' },
      { deployment: 'production', config: 'production.yaml', result: 'failed' },
    ]);
  });

  test('what works on one says so, with the command for one', () => {
    const cwd = folder(files);
    for (const command of [['mirror'], ['bundle', '--output', 'x'], ['init', 'r.local'], ['load', 'x']]) {
      const run = essAirgap([...command, ...both], { cwd });
      expect(run).toMatchObject({ status: 2, stdout: '' });
      expect(run.stderr).toBe(
        `error: ess-airgap ${command[0]} works on one deployment; found 2 configurations: staging.yaml, production.yaml\n    Run it once per configuration:\n    ess-airgap ${command[0]} --config staging.yaml\n`,
      );
    }
  });

  test('deployments of one name would write the same files', () => {
    const cwd = folder(files);
    const run = essAirgap(['lint', '--config', 'staging.yaml', '--config', 'staging.yaml'], { cwd });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('staging.yaml and staging.yaml have the same name (staging)');
  });

  test('nothing between two commas', () => {
    const cwd = folder(files);
    const run = essAirgap(['lint'], { cwd, env: { ESS_AIRGAP_CONFIG: 'staging.yaml,,production.yaml' } });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(
      'ESS_AIRGAP_CONFIG is "staging.yaml,,production.yaml" and has an empty entry; expected paths separated by commas, such as staging.yaml,production.yaml',
    );
  });
});

describe('lint for programs', () => {
  test('a configuration that is not valid is listed like findings, with exit code 2', () => {
    const cwd = folder({ 'airgap.yaml': 'registry: { server: harbor }\n' });
    const json = essAirgap(['lint', '--format', 'json'], { cwd });
    expect(json.status).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      errors: 2,
      warnings: 0,
      notes: 0,
      findings: [
        { code: 'invalid-input', severity: 'error', place: { file: 'airgap.yaml', line: 1, column: 1 } },
        { code: 'invalid-input', severity: 'error', place: { file: 'airgap.yaml', line: 1, column: 21 } },
      ],
    });
    const sarif = JSON.parse(essAirgap(['lint', '--format', 'sarif'], { cwd }).stdout);
    expect(sarif.runs[0].results[1]).toMatchObject({
      ruleId: 'invalid-input',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'airgap.yaml' },
            region: { startLine: 1, startColumn: 21 },
          },
        },
      ],
    });
  });

  test('each result of SARIF has its rule, and each rule is named once', () => {
    const cwd = 'test/fixtures/releases';
    const [run] = JSON.parse(essAirgap(['lint', '--format', 'sarif'], { cwd }).stdout).runs;
    const { rules } = run.tool.driver;
    expect(new Set(rules.map(({ id }: { id: string }) => id)).size).toBe(rules.length);
    for (const { ruleId, ruleIndex, level, message } of run.results) {
      expect(rules[ruleIndex].id).toBe(ruleId);
      expect(['error', 'warning', 'note']).toContain(level);
      expect(message.text).not.toBe('');
    }
  });

  test('a name of a file that is no URI', () => {
    const cwd = folder({ 'a b/ä%.yaml': 'x: y\n' });
    const { stdout } = essAirgap(['lint', '--format', 'sarif', '--config', 'a b/ä%.yaml'], { cwd });
    expect(stdout).toContain('"uri": "a%20b/%C3%A4%25.yaml"');
  });
});

describe('--output', () => {
  const least = 'apiVersion: ess-airgap/v1\nregistry: { server: r.local }\n';
  const inputs = { 'airgap.yaml': least, 'images_digests.yml': { from: 'images_digests.yml' } };

  test.each([
    ['plan', '--format', 'json'],
    ['plan', '--format', 'csv'],
    ['lint', '--format', 'sarif'],
    ['wiring', '--format', 'yaml'],
  ])('%s %s %s: the same bytes as on standard output', (...args) => {
    const cwd = folder(inputs);
    const { stdout } = essAirgap(args, { cwd });
    expect(essAirgap([...args, '--output', 'out'], { cwd })).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(`${cwd}/out`, 'utf8')).toBe(stdout);
  });

  test('a folder that cannot be written leaves nothing behind', () => {
    const cwd = folder(inputs);
    mkdirSync(`${cwd}/dir`);
    const run = essAirgap(['plan', '--output', 'dir'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: /);
    expect(readdirSync(cwd).filter((name) => name.includes('.tmp'))).toEqual([]);
    expect(essAirgap(['plan', '--output', 'no/such/file'], { cwd }).status).toBe(2);
    expect(existsSync(`${cwd}/no`)).toBe(false);
  });
});

test('the YAML of wiring says what its JSON says, whoever reads it', () => {
  const cwd = 'test/fixtures/releases';
  const args = ['wiring', '--helm', 'operator.manager=synapse/redis'];
  const json = JSON.parse(essAirgap([...args, '--format', 'json'], { cwd }).stdout);
  const yaml = essAirgap([...args, '--format', 'yaml'], { cwd }).stdout;
  expect(parse(yaml)).toEqual(json);
  expect(parse(yaml, { version: '1.1' })).toEqual(json);
});
