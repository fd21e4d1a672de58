import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

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
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    reporters: ['default', './test/support/plain-summary.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
