// Prints the licences of all code of others that the package and the executable contain: for each package its name, version
// and licence, then the text of its licence files as it ships them.
//
//   node scripts/notices.mjs [LICENCE-OF-NODE]
//
// A package is in the list if esbuild puts a file of it into the command-line tool, or if npm bundles it with the package.
// With the licence file of Node.js, it is added: the executable contains Node.js.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const [nodeLicence] = process.argv.slice(2);
const { metafile } = await build({
  entryPoints: ['lib/cli/main.ts', 'scripts/cdk8s.ts'],
  bundle: true,
  write: false,
  outdir: 'build',
  metafile: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  loader: { '.sh': 'text' },
  logLevel: 'error',
});
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
const folders = new Set([
  ...Object.keys(metafile.inputs).flatMap(folderOf),
  ...Object.keys(lock).filter((folder) => lock[folder].inBundle && !lock[folder].dev),
]);
const packages = [...folders]
  .map((folder) => ({ folder, ...JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
  // Types are not in the bundle.
  .filter(({ name }) => name !== '@commander-js/extra-typings')
  .sort((a, b) => (a.name < b.name ? -1 : 1));

const RULE = '='.repeat(100);
process.stdout.write(
  'ess-airgap is licensed under Apache-2.0. It contains the following software of others.\n',
);
for (const { folder, name, version, license } of packages)
  section(`${name} ${version} (${license})`, licenceOf(folder, license));
if (nodeLicence) section('Node.js, in the executable', readFileSync(nodeLicence, 'utf8'));

/** The folder of the package that a file belongs to, if it belongs to one. */
function folderOf(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? [];
}

/** @param license the identifier in package.json; the text of Apache-2.0 is the same for every package */
function licenceOf(folder, license) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  if (files.length === 0 && license === 'Apache-2.0') return readFileSync('LICENSE', 'utf8');
  if (files.length === 0)
    throw new Error(`${folder} has no licence file, and ${license} has a text of its own per package`);
  return files
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
    .join('\n\n');
}

function section(title, text) {
  process.stdout.write(`\n${RULE}\n${title}\n${RULE}\n\n${text.trim()}\n`);
}
