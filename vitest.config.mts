import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// A test is a unit test if it starts no process: it needs Node alone. All others need the built binary, and most of them
// tools and registries, which global-setup.ts provides.
const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name}`);
const STARTS_PROCESSES =
  /node:child_process|playwright|support\/(cli|cli-process|project|registry|images|pod|kubelet|mirror|fault-proxy|commands|bundles|tamper[a-z-]*)\.ts/;
/** They synthesise plain Secrets, for which git is asked whether it ignores their files. */
const NEED_GIT = ['test/manifests/charts.test.ts', 'test/manifests/secrets.test.ts'];
const unit = tests.filter(
  (name) => !NEED_GIT.includes(name) && !STARTS_PROCESSES.test(readFileSync(name, 'utf8')),
);

export default defineConfig({
  plugins: [
    {
      // The same as esbuild's text loader, which builds the app: `import script from './mirror.sh'` is its text.
      name: 'shell-as-text',
      enforce: 'pre',
      load(id) {
        return id.endsWith('.sh') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}` : undefined;
      },
    },
  ],
  test: {
    // Tests mostly wait for registries and processes: more at once than one less than there are cores.
    maxWorkers: 3,
    // They end a test that hangs; a busy machine may be three times as slow.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ['default', './test/support/plain-summary.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: unit } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          exclude: unit,
          globalSetup: 'test/support/global-setup.ts',
        },
      },
    ],
  },
});
