import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { essAirgap, folder } from '../support/cli.ts';

// `ess-airgap report --result` as a process, over what the other commands print.

const digest = (sign: string) => `sha256:${sign.repeat(64)}`;
const entry = (path: string, tag: string, sign: string) =>
  `{ image_repository_server: docker.io, image_repository_path: ${path}, image_tag: ${tag}, image_digest: "${digest(sign)}" }`;
const files = {
  'airgap.yaml': `apiVersion: ess-airgap/v1
namespace: chat
registry: { server: localregistry.local, pushServer: push.local, path: ess }
`,
  'images_digests.yml': `web:\n  web: ${entry('a/web', 'v2', 'b')}\n  redis: ${entry('library/redis', '7', 'c')}\n`,
};
const line = (path: string, sign: string, result: string, more: object = {}) =>
  JSON.stringify({
    image: `push.local/ess/${path}`,
    digest: digest(sign),
    source: `docker.io/${path}`,
    containers: ['web/web'],
    result,
    attempts: 2,
    seconds: 1.5,
    ...more,
  });
const copied = [
  line('a/web:v2', 'b', 'copied'),
  line('library/redis:7', 'c', 'skipped'),
  '{"expected":2,"copied":1,"skipped":1,"failed":0}',
];
const verified = (web: string, redis: string) =>
  JSON.stringify({
    server: 'localregistry.local',
    expected: 2,
    images: [
      { image: 'localregistry.local/ess/a/web:v2', result: web },
      { image: 'localregistry.local/ess/library/redis:7', result: redis },
    ],
  });

function report(
  results: readonly string[],
  args: readonly string[] = ['--format', 'json'],
  more: Readonly<Record<string, string>> = {},
) {
  const names = results.map((_, index) => `result-${index}`);
  const cwd = folder({
    ...files,
    ...more,
    ...Object.fromEntries(results.map((text, index) => [`result-${index}`, text])),
  });
  return essAirgap(['report', ...args, '--result', ...names], { cwd });
}
const evidence = (...results: string[]) => {
  const run = report(results);
  expect(run.stderr).toBe('');
  return { exit: run.status, ...JSON.parse(run.stdout) };
};

describe('the release', () => {
  test('may go on if every image was copied or there already', () => {
    expect(evidence(copied.join('\n'))).toMatchObject({ exit: 0, mayGoOn: 'yes', reasons: [], surplus: [] });
  });

  test('also by the log of several pods, with prefixes and progress between', () => {
    const log = ['[1/2] push.local/ess/a/web:v2 copying', ...copied].map(
      (text) => `[pod/ess-mirror-0-x/mirror] ${text}`,
    );
    expect(evidence(log.join('\n'))).toMatchObject({ exit: 0, mayGoOn: 'yes' });
  });

  test('may go on if an image that one pod failed to copy was copied by another', () => {
    const failed = line('a/web:v2', 'b', 'failed', { error: 'EOF' });
    expect(evidence([failed, ...copied].join('\n')).mayGoOn).toBe('yes');
    expect(evidence([...copied, failed].join('\n')).mayGoOn).toBe('yes');
  });

  test('may not go on if an image failed; the reason and what to do are there', () => {
    const failed = line('a/web:v2', 'b', 'failed', {
      class: 'denied',
      error: 'denied: no',
      hint: 'Give it the right.',
    });
    const result = evidence([failed, copied[1]].join('\n'));
    expect(result).toMatchObject({
      exit: 1,
      mayGoOn: 'no',
      reasons: ['1 image of the plan is not in the registry'],
    });
    expect(result.images[0].copy).toMatchObject({
      class: 'denied',
      error: 'denied: no',
      hint: 'Give it the right.',
    });
  });

  test('is unknown if results are missing, and says how many', () => {
    expect(evidence(copied[0] ?? '')).toMatchObject({
      exit: 1,
      mayGoOn: 'unknown',
      reasons: ['there is no result for 1 image of the plan'],
    });
  });

  test('is as the registry says afterwards, whatever the copy said', () => {
    expect(evidence(copied.join('\n'), verified('present', 'missing'))).toMatchObject({
      exit: 1,
      mayGoOn: 'no',
    });
    const failed = line('a/web:v2', 'b', 'failed');
    expect(evidence([failed, copied[1]].join('\n'), verified('present', 'present')).mayGoOn).toBe('yes');
    expect(evidence(verified('present', 'unknown')).mayGoOn).toBe('unknown');
  });

  test('takes nothing from the results of another plan', () => {
    const other = evidence(
      [line('a/web:v2', 'f', 'copied'), copied[1], line('a/old:v1', 'f', 'copied')].join('\n'),
    );
    expect(other).toMatchObject({ exit: 1, mayGoOn: 'unknown', surplus: ['push.local/ess/a/old:v1'] });
  });

  test('may not go on if the cluster is not as planned, or the preflight failed', () => {
    const audit = JSON.stringify({ asPlanned: false, counts: { upstream: 1 }, containers: [] });
    expect(evidence(copied.join('\n'), audit)).toMatchObject({
      mayGoOn: 'no',
      audit: { counts: { upstream: 1 } },
    });
    const preflight = JSON.stringify({ result: 'failed', answers: [] });
    expect(evidence(copied.join('\n'), preflight).mayGoOn).toBe('no');
  });
});

describe('artifacts', () => {
  const entryOf = (sign: string) =>
    `{ digest: "${digest(sign)}", subject: "${digest('b')}", media_type: application/vnd.oci.image.manifest.v1+json, size: 9 }`;
  const lock = `images_digests:
  web:
    web: ${entry('a/web', 'v2', 'b')}
    redis: ${entry('library/redis', '7', 'c')}
artifacts:
  "docker.io/a/web@${digest('b')}": [${entryOf('1')}, ${entryOf('2')}, ${entryOf('3')}]
  "docker.io/library/redis@${digest('c')}": []
`;
  const run = (...results: string[]) => {
    const { stdout, stderr } = report(results, ['--format', 'json'], { 'images_digests.yml': lock });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  const web = (result: string, artifacts?: object) =>
    line('a/web:v2', 'b', result, artifacts && { artifacts });

  test('all of them are there', () => {
    const counts = { expected: 3, copied: 1, skipped: 2, failed: 0 };
    expect(run([web('skipped', counts), copied[1]].join('\n'))).toMatchObject({
      mayGoOn: 'yes',
      reasons: [],
      artifacts: { expected: 3, there: 3, missing: 0, unknown: 0 },
      images: [{ artifacts: { there: 3 }, copy: { artifacts: counts } }, { status: 'there' }],
    });
  });

  test('some are missing', () => {
    const counts = { expected: 3, copied: 1, skipped: 0, failed: 2 };
    expect(run([web('failed', counts), copied[1]].join('\n'))).toMatchObject({
      mayGoOn: 'no',
      reasons: [
        '1 image of the plan is not in the registry',
        '2 artifacts of the plan are not in the registry',
      ],
      artifacts: { expected: 3, there: 1, missing: 2, unknown: 0 },
    });
  });

  test.each([
    ['a run that knew of none', undefined],
    ['a run of another plan', { expected: 2, copied: 2, skipped: 0, failed: 0 }],
  ])('nothing is known of them after %s', (_, counts) => {
    expect(run([web('copied', counts), copied[1]].join('\n'))).toMatchObject({
      mayGoOn: 'unknown',
      reasons: ['there is no result for 3 artifacts of the plan'],
      artifacts: { expected: 3, there: 0, missing: 0, unknown: 3 },
    });
  });

  test.each([
    ['all', ['present', 'present', 'present'], 'yes', { there: 3, missing: 0, unknown: 0 }],
    ['some', ['present', 'unlisted', 'different'], 'no', { there: 1, missing: 2, unknown: 0 }],
    ['not known of all', ['present', 'present', 'unknown'], 'unknown', { there: 0, missing: 0, unknown: 3 }],
    ['of another plan', ['present'], 'unknown', { there: 0, missing: 0, unknown: 3 }],
  ])('verified: %s', (_, results, mayGoOn, artifacts) => {
    const result = JSON.parse(verified('present', 'present'));
    result.images[0].artifacts = results.map((one) => ({ result: one }));
    expect(run(JSON.stringify(result))).toMatchObject({ mayGoOn, artifacts });
  });

  test('the page counts them', () => {
    const counts = { expected: 3, present: 3, failed: 0 };
    const { stdout } = report([[web('present', counts), copied[1]].join('\n')], [], {
      'images_digests.yml': lock,
    });
    expect(stdout).toContain('Signatures, attestations and SBOMs: 3 of 3 are in the registry, 0 are missing');
    expect(stdout).toContain('artifacts: 3 of 3');
  });
});

test('the JSON has source, target digest, result, attempts and time of each image, and who needs it', () => {
  const [web] = evidence(copied.join('\n')).images;
  expect(web).toMatchObject({
    source: { registry: 'docker.io', repository: 'a/web', tag: 'v2', digest: digest('b') },
    target: { digest: digest('b') },
    containers: ['web/web'],
    copy: { result: 'copied', attempts: 2, seconds: 1.5 },
    status: 'there',
  });
});

test.each([
  ['nothing', ''],
  ['no JSON', 'hello\n'],
  ['JSON of something else', '{"a":1}'],
  ['a list', '[1,2]'],
])('a file without a result is an error with its name: %s', (_, text) => {
  const run = report([text]);
  expect(run.status).toBe(2);
  expect(run.stderr).toContain('result-0:1:1: error: there is no result');
});

test('--format json without --result is an error that names the right command', () => {
  const run = essAirgap(['report', '--format', 'json'], { cwd: folder(files) });
  expect(run.status).toBe(2);
  expect(run.stderr).toContain('ess-airgap plan --format json');
});

describe('the page', () => {
  const hostile = line('a/web:v2', 'b', 'failed', { error: '<script>alert(1)</script>', hint: '<b>x</b>' });

  test('says plainly whether the release can be deployed, and why not', () => {
    expect(report([copied.join('\n')], []).stdout).toContain(
      'The release can be deployed: every image of the plan is in the registry.',
    );
    const page = report([[hostile, copied[1]].join('\n')], []).stdout;
    expect(page).toContain('The release cannot be deployed');
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(1)');
  });

  test('names no path of the machine that made it', () => {
    const cwd = folder(files);
    const run = essAirgap(['report', '--config', join(cwd, 'airgap.yaml')], { cwd: folder() });
    expect(run.status).toBe(0);
    expect(run.stdout).not.toContain(cwd);
  });

  test('is cards at 400 px: nothing is cut off or has to be scrolled sideways', async () => {
    const executablePath = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim();
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    const file = join(folder({ 'report.html': report([copied.join('\n')], []).stdout }), 'report.html');
    await page.goto(String(pathToFileURL(file)));
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(400);
    const label = `getComputedStyle(document.querySelector('#results td[data-label="Result"]'), '::before').content`;
    expect(await page.evaluate<string>(label)).toBe('"Result"');
    expect(await page.locator('#results thead').isVisible()).toBe(false);
  });
});

describe('signatures', () => {
  const identity = {
    issuer: 'https://token.example.org',
    subject: 'https://git.example.org/web@refs/tags/v2',
  };
  const signed = (result: string, from = 'localregistry.local') =>
    JSON.stringify({
      from,
      signatures: [
        {
          image:
            from === 'upstream' ? `docker.io/a/web:v2@${digest('b')}` : `${from}/ess/a/web@${digest('b')}`,
          result,
          policy: 'docker.io/a/*',
          accepted:
            result === 'verified' ? [{ digest: digest('d'), ...identity, transparencyLog: true }] : [],
          rejected: [],
          containers: ['web/web'],
        },
      ],
    });
  const more = {
    'airgap.yaml': `${files['airgap.yaml']}verify:
  trustedRoot: trusted_root.json
  images: [{ match: "docker.io/a/*", signedBy: [{ issuer: "${identity.issuer}", subject: "${identity.subject}" }] }]
`,
    'images_digests.yml': `images_digests:\n  web:\n    web: ${entry('a/web', 'v2', 'b')}\n    redis: ${entry('library/redis', '7', 'c')}
signatures:
  "docker.io/a/web@${digest('b')}":
    - { digest: "${digest('d')}", issuer: "${identity.issuer}", subject: "${identity.subject}", time: "2026-08-01T12:00:00Z", transparency_log: true }
`,
  };

  test.each([
    ['verified', 'localregistry.local', 0, []],
    ['verified', 'upstream', 0, []],
    ['rejected', 'localregistry.local', 1, ['1 image of the plan is not signed as verify wants']],
    ['unsigned', 'push.local', 1, ['1 image of the plan is not signed as verify wants']],
  ])('%s on %s', (result, from, status, reasons) => {
    const run = report([copied.join('\n'), signed(result, from)], ['--format', 'json'], more);
    const found = JSON.parse(run.stdout);
    expect({ status: run.status, reasons: found.reasons }).toEqual({ status, reasons });
    const [web, redis] = found.images;
    expect(web.signatures).toMatchObject({
      policy: 'docker.io/a/*',
      recorded: [{ digest: digest('d'), ...identity, time: '2026-08-01T12:00:00Z', transparencyLog: true }],
      checked: { from, result },
    });
    expect(redis.signatures).toEqual({ policy: null, recorded: [] });
  });

  test('the page names signer, time and digest, and images without a policy as not verified', () => {
    const { stdout } = report([signed('verified')], [], more);
    expect(stdout).toContain(`${identity.subject}, of the issuer ${identity.issuer}`);
    expect(stdout).toContain('2026-08-01T12:00:00Z');
    expect(stdout).toContain(`<code>${digest('d')}</code>`);
    expect(stdout).toContain('<span class="mark good">verified</span> localregistry.local');
    expect(stdout).toContain(
      '1 image with a recorded signature that verify accepts, 1 without a policy, not verified.',
    );
    expect(stdout).toContain('<span class="faint">not verified</span>');
    expect(report([copied.join('\n')], []).stdout).not.toContain('id="signatures"');
  });
});
