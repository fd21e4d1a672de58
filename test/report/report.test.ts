import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ConfigInput, defineConfig, makePlan, parseDigests } from '../../lib/index.ts';
import { reviewRelease } from '../../lib/release/review.ts';
import { renderReport } from '../../lib/report/page.ts';
import { essAirgap, folder } from '../support/cli.ts';

const releases = 'test/fixtures/releases';
const report = essAirgap(['report', '--since', 'old.yml'], { cwd: releases });

const executablePath = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim();
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
afterAll(() => browser.close());

interface Opened {
  readonly page: Page;
  /** Every address that the page asked for, itself first. */
  readonly requests: string[];
  /** What the console complained about: a broken policy, an error of the script. */
  readonly complaints: string[];
}

async function open(
  html: string,
  options: { hash?: string; colorScheme?: 'dark' | 'light' } = {},
): Promise<Opened> {
  const file = join(folder({ 'report.html': html }), 'report.html');
  const page = await browser.newPage({ colorScheme: options.colorScheme ?? 'light' });
  onTestFinished(() => page.close());
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${pathToFileURL(file)}${options.hash ?? ''}`);
  return { page, requests, complaints };
}

/** The containers that can be seen, by component and container. */
async function shown(page: Page): Promise<string[]> {
  return page
    .locator('#containers tr[data-text]:visible')
    .evaluateAll((rows) => rows.map((row) => (row.getAttribute('data-text') ?? '').split(' ')[0] ?? ''));
}

describe('the report in Chromium', () => {
  test('asks for nothing but itself, and nothing in it complains', async () => {
    expect(report).toMatchObject({ status: 0, stderr: '' });
    const { page, requests, complaints } = await open(report.stdout);
    await page.locator('#search').fill('x');
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
    expect(report.stdout).not.toMatch(/https?:|src=|<link|@import|url\(/);
  });

  test('shows every container and every image, the changes, the findings', async () => {
    const { page } = await open(report.stdout);
    const plan = JSON.parse(essAirgap(['plan', '--format', 'json'], { cwd: releases }).stdout);
    expect(await shown(page)).toEqual(
      plan.containers.map((c: { component: string; container: string }) => `${c.component}/${c.container}`),
    );
    expect(await page.locator('#images tr[data-text]').count()).toBe(plan.images.length);
    expect(await page.locator('#findings li').count()).toBe(plan.findings.length);
    const changes = await page.locator('#changes').innerText();
    for (const title of [
      'To decide (6)',
      'Containers added (4)',
      'Containers removed (2)',
      'Images changed (8)',
    ])
      expect(changes).toContain(title);
  });

  test('searches all words, filters by server and by state, and says how many are left', async () => {
    const { page } = await open(report.stdout);
    await page.locator('#search').fill('HAPROXY syn');
    expect(await shown(page)).toEqual(['synapse/haproxy']);
    expect(await page.locator('#shown').innerText()).toBe('1 of 17 containers');
    expect(await page.getByRole('cell', { name: 'adminbot', exact: true }).isVisible()).toBe(false);
    await page.locator('#search').fill('');
    await page.locator('#server').selectOption('ghcr.io');
    expect(await shown(page)).toEqual([
      'matrix_authentication_service/matrix_authentication_service',
      'matrix_content_scanner/clam_anti_virus',
    ]);
    await page.locator('#server').selectOption('');
    await page.locator('#state').selectOption('excluded');
    expect(await shown(page)).toEqual(['sygnal/sygnal']);
    await page.locator('#state').selectOption('only-copied');
    expect(await shown(page)).toEqual(['postgres/exporter', 'postgres/postgres']);
    await page.locator('#state').selectOption('no-digest');
    expect(await shown(page)).toEqual(['sydent/sydent']);
  });

  test('a link keeps the filter', async () => {
    const { page } = await open(report.stdout);
    await page.locator('#search').fill('redis');
    await page.locator('#state').selectOption('changed');
    const { hash } = new URL(page.url());
    const { page: again } = await open(report.stdout, { hash });
    expect(await shown(again)).toEqual(['synapse/redis']);
    expect(await again.locator('#search').inputValue()).toBe('redis');
  });

  test('is dark where the reader wants it dark, and black on white on paper', async () => {
    const background = (page: Page) =>
      page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;
    const { page } = await open(report.stdout, { colorScheme: 'dark' });
    expect(await background(page)).toBe('rgb(13, 17, 23)');
    await page.emulateMedia({ media: 'print' });
    expect(await background(page)).toBe('rgb(255, 255, 255)');
    expect(await page.locator('#filter').isVisible()).toBe(false);
    expect(await background((await open(report.stdout)).page)).toBe('rgb(255, 255, 255)');
  });

  test('without its script it shows everything, and no filter', async () => {
    const file = join(folder({ 'report.html': report.stdout }), 'report.html');
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(String(pathToFileURL(file)));
    expect(await page.locator('#filter').isVisible()).toBe(false);
    expect(await page.locator('#containers tr[data-text]:visible').count()).toBe(17);
  });
});

describe('hostile names', () => {
  const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>'&amp;`;

  test('stay text, wherever the readers would let one through', async () => {
    const images = parseDigests(readFileSync(`${releases}/new.yml`, 'utf8'), 'new.yml').map((container) => ({
      ...container,
      component: `${container.component}${evil}`,
      container: `${container.container}${evil}`,
      image: { ...container.image, registry: `r${evil}`, repository: `p${evil}`, tag: evil },
      place: { file: evil, line: 1, column: 1 },
    }));
    const input: ConfigInput = { apiVersion: 'ess-airgap/v1', registry: { server: 'localregistry.local' } };
    const config = {
      ...defineConfig(input),
      namespace: evil,
      overrides: { [evil]: {} },
      configMap: { name: evil },
    };
    const plan = makePlan(images, config);
    const review = reviewRelease(images.slice(3), images.slice(1), config);
    const html = renderReport([{ config, plan, digests: evil, since: { name: evil, review } }]);
    const { page, requests, complaints } = await open(html);
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
    expect(await page.locator('img, script').count()).toBe(1);
    expect(await page.locator('body').innerText()).toContain(evil);
  });

  test('a file name on the command line is one of them', () => {
    const dir = folder();
    const name = '<b>old.yml';
    writeFileSync(join(dir, name), readFileSync(`${releases}/old.yml`));
    const run = essAirgap(['report', '--since', name, '-c', join(process.cwd(), releases, 'airgap.yaml')], {
      cwd: dir,
    });
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('Changes since &lt;b&gt;old.yml');
  });
});

describe('on every screen', () => {
  const cwd = folderOfFull();
  const full = essAirgap(['report', '--result', 'mirror.log'], { cwd }).stdout;

  test.each([400, 1280])(
    '%i px: nothing is wider than the page, with long names and long errors',
    async (width) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const html of [full, report.stdout]) {
          const { page } = await open(html, { colorScheme });
          await page.setViewportSize({ width, height: 900 });
          const wider = await page.evaluate(`[...document.querySelectorAll('body *')]
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
          .map((element) => element.outerHTML.slice(0, 100))`);
          expect(wider).toEqual([]);
        }
      }
    },
  );

  test('a name breaks between its parts, not inside a word or a digest', async () => {
    const { page } = await open(full);
    const cell = page.locator('#containers td code').first();
    const text = await cell.innerHTML();
    expect(text.replaceAll('<wbr>', '')).toBe(await cell.innerText());
    expect(text).toContain('/<wbr>');
    expect(text).toMatch(/<wbr>:[\w.-]+<wbr>@sha256:[0-9a-f]{12}$/);
    expect(await page.locator('#containers').innerHTML()).toContain('access_<wbr>element_<wbr>web');
  });

  test('a finding has its message, its hint, its command and its place each on a line of its own', async () => {
    const { page } = await open(report.stdout);
    const item = page.locator('#findings li', { hasText: 'skopeo inspect' }).first();
    const tops = await item
      .locator('.hint, .command, .place')
      .evaluateAll((parts) => parts.map((part) => part.getBoundingClientRect().top));
    expect(tops).toHaveLength(3);
    expect(new Set(tops).size).toBe(3);
    expect([...tops].sort((a, b) => a - b)).toEqual(tops);
  });

  /** A large release whose results have errors of several lines. */
  function folderOfFull(): string {
    const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-report-'));
    afterAll(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(
      join(dir, 'airgap.yaml'),
      'apiVersion: ess-airgap/v1\nregistry: { server: registry.example.org, path: ess/element-server-suite/production }\n',
    );
    writeFileSync(join(dir, 'images_digests.yml'), readFileSync('test/fixtures/images_digests.full.yml'));
    const { images } = JSON.parse(essAirgap(['plan', '--format', 'json'], { cwd: dir }).stdout);
    const lines = images.map(({ target }: { target: string }, index: number) =>
      JSON.stringify({
        image: target.split('@')[0],
        digest: target.split('@')[1],
        ...(index % 4 === 0
          ? {
              result: 'failed',
              attempts: 3,
              seconds: 41,
              error: `denied: ${'x'.repeat(300)}`,
              hint: 'Create the project ess.',
            }
          : { result: 'copied', attempts: 1, seconds: 3 }),
      }),
    );
    writeFileSync(join(dir, 'mirror.log'), `${lines.join('\n')}\n`);
    return dir;
  }
});

describe('several deployments', () => {
  const config = (name: string) =>
    `apiVersion: ess-airgap/v1\nname: ${name}\nregistry: { server: ${name}.local, path: ess }\n`;
  const cwd = () =>
    folder({
      'images_digests.yml': { from: 'images_digests.yml' },
      'staging.yaml': config('staging'),
      'production.yaml': config('production'),
    });
  const both = ['report', '--config', 'staging.yaml', '--config', 'production.yaml'];

  test('one page with each, a link to each, and one filter for all', async () => {
    const run = essAirgap(both, { cwd: cwd() });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const { page, complaints } = await open(run.stdout);
    expect(complaints).toEqual([]);
    expect(await page.locator('article h1').allInnerTexts()).toEqual([
      'Deployment staging: Images of Element Server Suite on staging.local/ess',
      'Deployment production: Images of Element Server Suite on production.local/ess',
    ]);
    await page.getByRole('link', { name: 'production' }).click();
    expect(new URL(page.url()).hash).toBe('#deployment-production');
    const ids = await page.locator('[id]').evaluateAll((elements) => elements.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    await page.locator('#search').fill('haproxy');
    expect(await page.locator('#shown').innerText()).toBe('4 of 12 containers');
  });

  test('results are put beside the plan that they are about; JSON is a list', () => {
    const dir = cwd();
    const images = (name: string) =>
      JSON.parse(essAirgap(['plan', '--config', `${name}.yaml`, '--format', 'json'], { cwd: dir }).stdout)
        .images;
    const lines = images('staging').map(({ target }: { target: string }) =>
      JSON.stringify({ image: target.split('@')[0], digest: target.split('@')[1], result: 'copied' }),
    );
    const preflight = [
      { deployment: 'staging', result: 'ok', answers: [] },
      { deployment: 'production', result: 'failed', answers: [] },
    ];
    writeFileSync(join(dir, 'mirror.log'), `${lines.join('\n')}\n`);
    writeFileSync(join(dir, 'preflight.json'), JSON.stringify(preflight));
    const run = essAirgap([...both, '--result', 'mirror.log', 'preflight.json', '--format', 'json'], {
      cwd: dir,
    });
    expect(run.status).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject([
      { deployment: 'staging', config: 'staging.yaml', mayGoOn: 'yes', surplus: [] },
      { deployment: 'production', config: 'production.yaml', mayGoOn: 'no', surplus: [] },
    ]);
  });
});

test('the same input gives the same bytes', () => {
  expect(essAirgap(['report', '--since', 'old.yml'], { cwd: releases }).stdout).toBe(report.stdout);
});

test('without an older release it says nothing of changes; an error is exit code 1, broken input 2', () => {
  const run = essAirgap(['report'], { cwd: releases });
  expect(run.status).toBe(0);
  expect(run.stdout).not.toContain('Changes since');
  const cwd = folder({
    'airgap.yaml': `apiVersion: ess-airgap/v1\nregistry: { server: r.local }\nexclude: ['*']\n`,
    'images_digests.yml': { from: 'images_digests.yml' },
  });
  expect(essAirgap(['report'], { cwd }).status).toBe(1);
  expect(essAirgap(['report', '--since', 'nowhere.yml'], { cwd })).toMatchObject({ status: 2, stdout: '' });
});
