// Opens every page of a built site from its folder with Chromium, at the width of a desktop and of a phone: nothing is loaded
// from elsewhere, no page is wider than the window, every link leads to a file and an anchor, and search and dark mode work.
//
//   node .ci/site/check.mjs SITE [FOLDER-FOR-SCREENSHOTS]
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [folder, screenshots] = process.argv.slice(2);
const site = resolve(folder);
const pages = readdirSync(site, { recursive: true, encoding: 'utf8' })
  // The page for errors is served below any path, so its links are absolute.
  .filter((name) => name.endsWith('.html') && name !== '404.html')
  .sort();
const problems = [];
const requests = new Set();
const address = (name) => pathToFileURL(join(site, name)).href;

const executablePath = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
async function open(width, colorScheme = 'light') {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.on('request', (request) => requests.add(request.url()));
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
  return page;
}

const desktop = await open(1280);
const anchors = new Map();
const links = [];
for (const name of pages) {
  await desktop.setViewportSize({ width: 1280, height: 900 });
  await desktop.goto(address(name), { waitUntil: 'load' });
  const seen = await desktop.evaluate(() => ({
    anchors: [...document.querySelectorAll('[id], a[name]')].map((it) => it.id || it.getAttribute('name')),
    links: [...document.querySelectorAll('a[href]')].map((it) => it.href),
  }));
  for (const width of [1280, 400]) {
    await desktop.setViewportSize({ width, height: 900 });
    const needed = await desktop.evaluate(() => document.documentElement.scrollWidth);
    if (needed > width) problems.push(`${name}: ${needed} pixels wide in a window of ${width}`);
  }
  anchors.set(address(name), new Set(seen.anchors));
  links.push(...seen.links.map((link) => ({ name, link })));
}
for (const { name, link } of links) {
  if (!link.startsWith('file:')) continue;
  const [target, anchor] = link.split('#');
  const path = fileURLToPath(target);
  if (!path.startsWith(site) || !existsSync(path) || statSync(path).isDirectory())
    problems.push(`${name}: no page for ${link}`);
  else if (anchor && anchors.has(target) && !anchors.get(target).has(decodeURIComponent(anchor)))
    problems.push(`${name}: no anchor for ${link}`);
}

await desktop.setViewportSize({ width: 1280, height: 900 });
await desktop.goto(address('index.html'), { waitUntil: 'load' });
await desktop.getByRole('button', { name: 'Search' }).first().click();
await desktop.keyboard.type('sparse index', { delay: 50 });
// The title of the page, which the navigation does not have.
const result = desktop.getByText('Platforms: all or some').first();
await result
  .waitFor({ timeout: 30_000 })
  .catch(() => problems.push('the search does not find "sparse index"'));
if (screenshots) await desktop.screenshot({ path: join(screenshots, 'search.png') });

const dark = await open(1280, 'dark');
await dark.goto(address('index.html'), { waitUntil: 'load' });
const background = await dark.evaluate(() => getComputedStyle(document.body).backgroundColor);
const [, red = 255] = /(\d+)/.exec(background) ?? [];
if (Number(red) > 80) problems.push(`dark mode has the background ${background}`);

if (screenshots) {
  const phone = await open(400);
  await dark.screenshot({ path: join(screenshots, 'dark.png') });
  for (const name of [
    'index.html',
    'docs/tutorial/job.html',
    'docs/findings.html',
    'docs/reference/cli.html',
  ]) {
    for (const page of [desktop, phone]) {
      await page.goto(address(name), { waitUntil: 'load' });
      const { width } = page.viewportSize();
      await page.screenshot({ path: join(screenshots, `${name.replaceAll('/', '-')}-${width}.png`) });
    }
  }
}
await browser.close();

for (const url of requests) if (!/^(file|data|blob):/.test(url)) problems.push(`loads ${url}`);
for (const problem of problems) console.error(problem);
console.log(`${pages.length} pages, ${links.length} links, ${problems.length} problems`);
process.exitCode = problems.length > 0 || pages.length < 30 ? 1 : 0;
