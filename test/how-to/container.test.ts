import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../lib/cli/commands/index.ts';
import { makeProgram } from '../../lib/cli/program.ts';
import { kubernetesProblems } from '../support/kubernetes-schema.ts';
import { restrictedProblems } from '../support/pod-security.ts';
import type { Manifest } from '../support/synth.ts';

const page = readFileSync('docs/how-to/container.md', 'utf8');
const containerfile = readFileSync('Containerfile', 'utf8');
const [job] = [...page.matchAll(/```yaml\n(apiVersion[\s\S]*?)```/g)].flatMap(
  ([, text = '']) => loadAll(text) as Manifest[],
);
const pod = (job as { spec?: { template: { spec: PodSpec } } } | undefined)?.spec?.template.spec;

interface PodSpec {
  readonly securityContext: { readonly runAsUser: number };
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly { readonly name: string; readonly emptyDir?: object }[];
}

test('Kubernetes accepts the Job, also where PodSecurity restricted is enforced', () => {
  if (!job) throw new Error('the page has no Job');
  expect(kubernetesProblems(job, {})).toEqual([]);
  expect(restrictedProblems(job)).toEqual([]);
});

test('the Job fits the image: its user, its folders, its commands', () => {
  expect(containerfile).toContain(`USER ${pod?.securityContext.runAsUser}:`);
  const mounts = pod?.containers[0]?.volumeMounts ?? [];
  const folderOf = (name: string) => mounts.find((mount) => mount.name === name)?.mountPath;
  expect(containerfile).toContain(`WORKDIR ${folderOf('config')}\n`);
  expect(containerfile).toContain(`TMPDIR=${folderOf('tmp')}\n`);
  const written = pod?.volumes.filter(({ emptyDir }) => emptyDir).map(({ name }) => name);
  expect(written).toEqual(['tmp']);
  const program = makeProgram();
  for (const add of COMMANDS) add(program);
  const commands = [...page.matchAll(/^\| `\[(\w+)/gm)].map(([, name]) => name);
  expect(commands).toContain(pod?.containers[0]?.args[0]);
  expect(program.commands.map((command) => command.name())).toEqual(expect.arrayContaining(commands));
});

test('the base image is the one that the sample pins by digest', () => {
  const [, base = ''] = /^ARG BASE=(\S+)$/m.exec(containerfile) ?? [];
  expect(base).toMatch(/@sha256:[0-9a-f]{64}$/);
  expect(readFileSync('airgap.yaml', 'utf8')).toContain(base);
  expect(page).toContain(base.split('@')[1]);
});
