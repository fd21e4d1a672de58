import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FaultProxy, type Rule, startFaultProxy } from '../support/fault-proxy.ts';
import { type Image, makeImage } from '../support/images.ts';
import { mirrorManifests, pushAll, runMirror, withEnvironment } from '../support/mirror.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

// What many images have in common is found out once, not once per image.

const COUNT = 24;
const PARALLEL = 4;
let source: Registry;
let target: Registry;
let upstream: FaultProxy;
let local: FaultProxy;
const images: Record<string, Image> = {};

beforeAll(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  [upstream, local] = await Promise.all([
    startFaultProxy({ target: source.url }),
    startFaultProxy({ target: target.url }),
  ]);
  for (let n = 0; n < COUNT; n++) {
    const name = `project/${n}`;
    images[name] = makeImage({ name, architectures: ['amd64'], layers: [{ seed: name, size: 2000 }] });
  }
  await pushAll(source.server, images);
});
afterAll(async () => {
  await Promise.all([upstream?.stop(), local?.stop()]);
  await Promise.all([source?.stop(), target?.stop()]);
});

interface Servers {
  from?: string;
  to?: string;
  env?: Record<string, string>;
}

async function run(rules: { upstream?: Rule[]; local?: Rule[] }, { from, to, env }: Servers = {}) {
  rmSync(join(target.storageDir, 'docker'), { recursive: true, force: true });
  upstream.setRules(rules.upstream ?? []);
  local.setRules(rules.local ?? []);
  const marks = [upstream.requests.length, local.requests.length];
  const plan = Object.entries(images).map(([repository, { digest }]) => ({
    server: from ?? upstream.server,
    repository,
    tag: 'v1',
    digest,
  }));
  const manifests = mirrorManifests(plan, to ?? local.server, { parallel: PARALLEL });
  const outcome = await runMirror(withEnvironment(manifests, { ESS_AIRGAP_RETRY_SECONDS: '0', ...env }));
  return {
    outcome,
    asked: { source: upstream.requests.slice(marks[0]), target: local.requests.slice(marks[1]) },
    tried: outcome.lines.filter(({ attempts }) => attempts > 0),
  };
}

test('a target that is down: one question after another, then every image says so, and another pod may help', async () => {
  const { outcome, asked, tried } = await run({}, { to: '127.0.0.1:1' });
  expect(outcome.exitCode).toBe(1);
  expect(outcome.summary).toMatchObject({ expected: COUNT, failed: COUNT });
  expect(tried).toEqual([]);
  expect(asked.source).toEqual([]);
  for (const line of outcome.lines) expect(line).toMatchObject({ class: 'connection', failure: 'transient' });
  expect(outcome.stderr.match(/127\.0\.0\.1:1 does not answer: connection\./g)).toHaveLength(4);
});

test('a target that restarts: it is waited for, and no image has lost an attempt', async () => {
  const { outcome } = await run({ local: [{ match: () => true, times: 3, fault: { status: 503 } }] });
  expect(outcome.exitCode).toBe(0);
  for (const line of outcome.lines) expect(line).toMatchObject({ result: 'copied', attempts: 1 });
  expect(outcome.stderr).toMatch(/does not answer: server-error\..* Attempt 1 of 5 failed/);
});

test('a certificate that nobody trusts, or plain HTTP by mistake', async () => {
  const { outcome, asked, tried } = await run({}, { env: { ESS_AIRGAP_INSECURE: upstream.server } });
  expect(outcome.exitCode).toBe(3);
  expect(tried).toEqual([]);
  expect(asked.source).toEqual([]);
  for (const line of outcome.lines) {
    expect(line).toMatchObject({ class: 'certificate', failure: 'permanent' });
    expect(line.hint).toBe(
      `${local.server} speaks plain HTTP. If that is intended, name it in mirror.insecure.`,
    );
  }
});

const refusal = (path: RegExp): Rule => ({
  match: { method: 'POST', path },
  fault: {
    status: 403,
    body: JSON.stringify({ errors: [{ code: 'DENIED', message: 'project not found' }] }),
  },
});

test('a project that may not be pushed to: a few images find out, the others are not tried', async () => {
  const { outcome, tried } = await run({ local: [refusal(/\/v2\/project\/.*\/uploads\//)] });
  expect(outcome.exitCode).toBe(3);
  expect(tried.length).toBeGreaterThanOrEqual(2);
  expect(tried.length).toBeLessThanOrEqual(PARALLEL + 2);
  for (const line of outcome.lines) {
    expect(line).toMatchObject({ class: 'denied', failure: 'permanent' });
    if (line.attempts === 0) expect(line.error).toMatch(/^not tried: .*project not found/);
  }
});

test('repositories that may not be pushed to, in a project where others may: each is tried', async () => {
  const { outcome, tried } = await run({ local: [refusal(/\/v2\/project\/1[01]\/.*\/uploads\//)] });
  expect(outcome.exitCode).toBe(3);
  expect(tried).toHaveLength(COUNT);
  expect(outcome.summary).toEqual({ expected: COUNT, copied: COUNT - 2, skipped: 0, failed: 2 });
});

test('a source that is down: it is left alone between the questions, and given up', async () => {
  const { outcome } = await run({}, { from: '127.0.0.1:1', env: { ESS_AIRGAP_RETRY_SECONDS: '1' } });
  expect(outcome.exitCode).toBe(1);
  for (const line of outcome.lines) expect(line).toMatchObject({ class: 'connection', failure: 'transient' });
  const attempts = outcome.lines.reduce((sum, line) => sum + line.attempts, 0);
  expect(attempts).toBeLessThanOrEqual(PARALLEL * 6);
});

test('an error text of a megabyte', async () => {
  const body = `${'x'.repeat(1_000_000)} the end`;
  const { outcome } = await run({
    upstream: [{ match: { path: /\/manifests\// }, fault: { status: 400, body } }],
  });
  expect(outcome.exitCode).toBe(3);
  for (const { error } of outcome.lines) expect(error?.length).toBeLessThanOrEqual(600);
  expect(outcome.terminationLog.length).toBeLessThanOrEqual(4096);
});

test.each(['source', 'target'])(
  'a credential helper for the %s that never answers: one wait, and nothing of it lives on',
  async (side) => {
    rmSync(join(target.storageDir, 'docker'), { recursive: true, force: true });
    const directory = mkdtempSync(join(tmpdir(), 'ess-airgap-helper-'));
    const [from, to] = [source.server, target.server];
    const write = (name: string, content: string, mode = 0o644) => {
      writeFileSync(join(directory, name), content, { mode });
      return join(directory, name);
    };
    write('docker-credential-stuck', '#!/bin/sh\nexec sleep 100000\n', 0o755);
    const auth = write(
      'auth.json',
      JSON.stringify({ credHelpers: { [side === 'source' ? from : to]: 'stuck' } }),
    );
    const lines = Object.entries(images).map(
      ([name, { digest }]) => `${digest} ${from}/${name}:v1 ${to}/${name}:v1 - - - a/b\n`,
    );
    const plan = write('images.plan', lines.join(''));
    const child = spawn('sh', ['lib/mirror/mirror.sh', plan], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        PATH: `${directory}:${process.env.PATH}`,
        HOME: directory,
        TMPDIR: directory,
        REGISTRY_AUTH_FILE: auth,
        ESS_AIRGAP_INSECURE: `${from} ${to}`,
      },
    });
    const report = (await text(child.stdout))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(report.at(-1)).toEqual({ expected: COUNT, copied: 0, skipped: 0, failed: COUNT });
    for (const line of report.slice(0, -1)) {
      expect(line).toMatchObject({ class: 'credential-helper', failure: 'permanent' });
      expect(line.hint).toContain(side === 'source' ? from : to);
    }
    const tried = report.filter(({ attempts }) => attempts > 0);
    expect(tried.length).toBeLessThanOrEqual(PARALLEL);
    const left = readdirSync('/proc').filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOME=${directory}\0`);
      } catch {
        return false;
      }
    });
    expect(left).toEqual([]);
    rmSync(directory, { recursive: true });
  },
  240_000,
);
