// Builds main.ts and runs it, so that what runs is always what the sources say: there is no compiled code to go
// stale. esbuild takes some 50 ms for it; ts-node would take a second and a half. cdk8s stays outside of the
// bundle, so that constructs of your own share it.
import { buildSync } from 'esbuild';

const outfile = 'node_modules/.cache/ess-airgap/main.cjs';
buildSync({
  entryPoints: ['main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: ['cdk8s', 'constructs', 'cdk8s-plus-28'],
  loader: { '.sh': 'text' },
  sourcemap: 'inline',
  logLevel: 'warning',
});
await import(new URL(outfile, import.meta.url).href);
