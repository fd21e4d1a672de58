import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Package {
  name: string;
  version: string;
}

test('the bill of materials has every package that a user installs, as locked, and no other', () => {
  const printed = execFileSync('sh', ['scripts/sbom.sh'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const sbom = JSON.parse(printed) as { metadata: { component: Package }; components: Package[] };
  expect(sbom.metadata.component.name).toBe('ess-airgap');
  const listed = sbom.components.map(({ name, version }) => `${name}@${version}`);

  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const locked = (names: object) =>
    Object.keys(names).map((name) => `${name}@${lock[`node_modules/${name}`].version}`);
  const own = [...locked(manifest.dependencies), ...locked(manifest.peerDependencies)];
  expect(listed).toEqual(expect.arrayContaining(own));
  const ours = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
  const others = Object.keys(manifest.devDependencies).filter((name) => !ours.has(name));
  // cdk8s brings a yaml of its own.
  const names = sbom.components.map(({ name }) => name);
  expect(others.filter((name) => name !== 'yaml' && names.includes(name))).toEqual([]);
});
