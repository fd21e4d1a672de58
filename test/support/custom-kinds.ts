import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1';
import { SealedSecret } from '@kubernetes-models/sealed-secrets/bitnami.com/v1alpha1';

const types = {
  'external-secrets.io/v1/ExternalSecret': '@kubernetes-models/external-secrets/external-secrets.io/v1',
  'bitnami.com/v1alpha1/SealedSecret': '@kubernetes-models/sealed-secrets/bitnami.com/v1alpha1',
} as const;

/**
 * What the API types of the External Secrets Operator and of Sealed Secrets refuse in manifests, unknown fields
 * included: the manifests are given to the TypeScript compiler as literals of the published types. Throws for
 * another kind.
 */
export function customKindProblems(
  manifests: readonly { readonly apiVersion: string; readonly kind: string }[],
): string[] {
  const lines = manifests.flatMap((manifest, index) => {
    const name = `${manifest.apiVersion}/${manifest.kind}` as keyof typeof types;
    if (!types[name]) throw new Error(`there are no types for ${name}`);
    return [
      `import type { I${manifest.kind} as Kind${index} } from '${types[name]}';`,
      `export const manifest${index}: Kind${index} = ${JSON.stringify(manifest, undefined, 1)};`,
    ];
  });
  // Below this folder, so that the compiler finds the packages.
  const dir = mkdtempSync(join(import.meta.dirname, 'custom-kinds-'));
  try {
    writeFileSync(join(dir, 'manifests.ts'), lines.join('\n'));
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--pretty', 'false', '--ignoreConfig'];
    const { stdout, status, error } = spawnSync(
      'node_modules/.bin/tsc',
      [
        ...options,
        '--target',
        'es2022',
        '--module',
        'esnext',
        '--moduleResolution',
        'bundler',
        join(dir, 'manifests.ts'),
      ],
      { encoding: 'utf8' },
    );
    if (error) throw error;
    const problems = stdout.split('\n').filter((line) => /error TS/.test(line));
    if (status !== 0 && problems.length === 0) throw new Error(`tsc ended with ${status}: ${stdout}`);
    return problems;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Model = new (manifest: object) => { validate(): void };

const models: Readonly<Record<string, Model>> = {
  'external-secrets.io/v1/ExternalSecret': ExternalSecret as Model,
  'bitnami.com/v1alpha1/SealedSecret': SealedSecret as Model,
};

/** What the schemas of the CRDs refuse in a manifest: patterns, enums and what is required. They let unknown fields pass. */
export function customSchemaProblems(manifest: {
  readonly apiVersion: string;
  readonly kind: string;
}): string[] {
  const model = models[`${manifest.apiVersion}/${manifest.kind}`];
  if (!model) throw new Error(`there is no schema for ${manifest.apiVersion}/${manifest.kind}`);
  try {
    new model(manifest).validate();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
