import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { essAirgap, folder } from '../support/cli.ts';

const config = `apiVersion: ess-airgap/v1
namespace: "123"
registry: { server: "localregistry.local:5000", path: ess }
configMap: { name: "on" }
pullSecret: { name: "1e3", source: existing }
exclude: [auditbot]
`;

function wiring(args: string[] = [], text = config) {
  const cwd = folder({ 'airgap.yaml': text, 'images_digests.yml': { from: 'images_digests.yml' } });
  return essAirgap(['wiring', ...args], { cwd });
}

/** The indented YAML that begins with a key at the left edge. */
function fragment(stdout: string, key: string): unknown {
  const block = new RegExp(`^${key}:\\n(?: +.*\\n)+`, 'm').exec(stdout)?.[0] ?? '';
  expect(parseAllDocuments(block, { version: '1.1' }).flatMap(({ errors }) => errors)).toEqual([]);
  return parse(block, { version: '1.1' });
}

describe('ess-airgap wiring', () => {
  test('the fragment of the ElementDeployment keeps names texts, whatever they look like', () => {
    expect(fragment(wiring().stdout, 'spec')).toEqual({
      spec: {
        global: {
          config: { imagesDigestsConfigMap: 'on' },
          k8s: { workloads: { dockerSecrets: [{ name: '1e3', url: 'localregistry.local:5000' }] } },
        },
      },
    });
  });

  test('the patches are JSON; the one that appends names the end of the list and replaces nothing', () => {
    const patches = [...wiring().stdout.matchAll(/--type (\w+) -p '(.*)'$/gm)].map(([, type, json = '']) => [
      type,
      JSON.parse(json),
    ]);
    const item = { name: '1e3', url: 'localregistry.local:5000' };
    expect(patches).toEqual([
      ['merge', { spec: { global: { config: { imagesDigestsConfigMap: 'on' } } } }],
      ['json', [{ op: 'add', path: '/spec/global/k8s/workloads/dockerSecrets/-', value: item }]],
      ['merge', { spec: { global: { k8s: { workloads: { dockerSecrets: [item] } } } } }],
    ]);
  });

  test('Helm values for the containers that the user names, and for no others', () => {
    const run = wiring([
      '--helm',
      'updater.manager=adminbot/haproxy',
      '--helm',
      'crds.conversionWebhook=adminbot/pipe',
    ]);
    expect(run.status).toBe(0);
    expect(fragment(run.stdout, 'updater')).toEqual({
      updater: {
        imagePullSecret: '1e3',
        manager: {
          image: {
            repository: 'localregistry.local:5000/ess/library/haproxy',
            tag: '2.8-alpine',
            digest: 'sha256:75fc37d6372cc22410bdd6ad0191a8dfeababef2a7d8d585694f21b73c2bb3d6',
          },
        },
      },
    });
    expect(fragment(run.stdout, 'crds')).toMatchObject({
      crds: { conversionWebhook: { imagePullSecret: '1e3' } },
    });
    expect(run.stdout).toContain('sha256:fdef296a8cc72a6deba2f879ddc8cc94da8a49027c5da6627ababd100efa9e57');
    expect(wiring().stdout).not.toMatch(/^(operator|updater|crds):/m);
  });

  test('a container that is only copied is a Helm value, and otherwise listed by its copy', () => {
    const text = config.replace('exclude:', 'copyOnly:');
    const { stdout } = wiring(['--helm', 'operator.manager=auditbot/pipe'], text);
    expect(fragment(stdout, 'operator')).toMatchObject({
      operator: {
        manager: { image: { repository: 'localregistry.local:5000/ess/ems-image-store/enterprise/pipe' } },
      },
    });
    const listed = stdout.slice(stdout.indexOf('4. Containers that the ConfigMap does not list'));
    expect(listed).toContain(
      'auditbot/haproxy: localregistry.local:5000/ess/library/haproxy:2.8-alpine@sha256:',
    );
    expect(listed).not.toMatch(/auditbot\/pipe|exclude/);
    expect(wiring([], text).stdout).toContain('\nauditbot/pipe: localregistry.local:5000/');
  });

  test('without a pull Secret, and with tags, it speaks of neither', () => {
    const open = 'apiVersion: ess-airgap/v1\nregistry: { server: r.local }\npin: tag\n';
    const { stdout } = wiring(['--helm', 'operator.manager=adminbot/pipe'], open);
    expect(stdout).not.toMatch(/dockerSecrets|imagePullSecret|Docker Secrets/);
    expect(fragment(stdout, 'operator')).toEqual({
      operator: {
        manager: { image: { repository: 'r.local/ems-image-store/enterprise/pipe', tag: '2.7.0' } },
      },
    });
  });

  test.each([
    ['operator.manger=adminbot/pipe', 'Did you mean operator.manager=component/container?'],
    ['operator.manager=adminbot/pie', 'Did you mean adminbot/pipe?'],
    ['operator.manager=auditbot/pipe', 'exclude matches auditbot/pipe, so its image is not copied'],
    ['operator.manager=auditbot/pipe', 'Move it from exclude to copyOnly:'],
    ['adminbot/pipe', 'not an image of the Helm charts'],
  ])('--helm %s is wrong use', (pair, message) => {
    const run = wiring(['--helm', pair]);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(message);
  });
});
