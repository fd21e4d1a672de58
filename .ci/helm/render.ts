import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import { makeImage, pushImage } from '../../test/support/images.ts';
import { startRegistry } from '../../test/support/registry.ts';

// From a chart in an upstream registry to the objects that Helm renders from its copy in the local one.

const [work = ''] = process.argv.slice(2);
const FIXTURE = 'test/fixtures/ess-helm/matrix-stack';
const folder = join(work, 'ess');
mkdirSync(folder, { recursive: true });

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: work, NO_COLOR: '1', ...env },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
const essAirgap = (...args: readonly string[]): string =>
  run(process.execPath, [resolve('build/ess-airgap.cjs'), ...args]);

interface PodSpec {
  containers: { name: string; image: string; imagePullPolicy: string }[];
  initContainers?: PodSpec['containers'];
  imagePullSecrets?: { name: string }[];
}
interface Rendered {
  kind: string;
  metadata: { name: string; annotations?: Record<string, string> };
  spec?: { template?: { spec: PodSpec } };
}

/** The pods of everything that a chart renders. */
function podsOf(text: string): { name: string; hook: boolean; spec: PodSpec }[] {
  const objects = (loadAll(text) as (Rendered | null)[]).filter((it) => it !== null);
  return objects.flatMap(({ kind, metadata, spec }) =>
    spec?.template
      ? {
          name: `${kind} ${metadata.name}`,
          hook: metadata.annotations?.['helm.sh/hook'] !== undefined,
          spec: spec.template.spec,
        }
      : [],
  );
}

async function main(): Promise<void> {
  const upstream = await startRegistry();
  const local = await startRegistry();
  const beyond = await startRegistry();
  try {
    // The chart with every registry replaced by the test's upstream, pushed by Helm itself.
    const values = readFileSync(`${FIXTURE}/values.yaml`, 'utf8').replace(
      /registry: \S+/g,
      `registry: ${upstream.server}`,
    );
    cpSync(FIXTURE, join(folder, 'matrix-stack'), { recursive: true });
    writeFileSync(join(folder, 'matrix-stack/values.yaml'), values);
    run('helm', ['package', 'matrix-stack']);
    run('helm', [
      'push',
      '--plain-http',
      'matrix-stack-26.8.0.tgz',
      `oci://${upstream.server}/element-hq/ess-helm`,
    ]);
    for (const [, repository = '', tag = ''] of values.matchAll(
      /repository: (\S+)\n\s+tag: "?([^"\n]+)"?/g,
    )) {
      await pushImage(upstream.server, repository, tag, makeImage({ name: `${repository}:${tag}` }));
    }
    await pushImage(upstream.server, 'acme/wait', '1', makeImage({ name: 'wait' }));
    const tool = makeImage({ name: 'tool' });
    await pushImage(upstream.server, 'acme/tool', '1', tool);

    writeFileSync(
      join(folder, 'my-values.yaml'),
      `elementWeb:
  extraInitContainers:
    - name: wait
      image: ${upstream.server}/acme/wait:1
image:
  pullSecrets: [{ name: mine }]
`,
    );
    writeFileSync(
      join(folder, 'airgap.yaml'),
      `apiVersion: ess-airgap/v1
namespace: ess
registry: { server: "${local.server}", path: ess }
helm: { values: [my-values.yaml] }
extra: [{ name: tool, source: "${upstream.server}/acme/tool:1@${tool.digest}" }]
pullSecret: { source: existing, name: localregistry }
gitops: flux
guard: { mode: enforce }
mirror:
  image: quay.io/skopeo/stable@sha256:${'a'.repeat(64)}
  kubernetesVersion: "1.30"
  insecure: ["${upstream.server}", "${local.server}", "${beyond.server}"]
`,
    );
    // The same deployment for a registry that only a bundle reaches.
    writeFileSync(
      join(folder, 'gap.yaml'),
      readFileSync(join(folder, 'airgap.yaml'), 'utf8').replace(
        `server: "${local.server}"`,
        `server: "${beyond.server}"`,
      ),
    );
    const chart = `oci://${upstream.server}/element-hq/ess-helm/matrix-stack:26.8.0`;
    process.stdout.write(essAirgap('lock', chart, '-o', 'images_digests.yml'));
    essAirgap('lint');
    essAirgap('mirror');
    essAirgap('verify');
    essAirgap('bundle', '--config', 'gap.yaml', '--output', 'bundle');
    essAirgap('load', '--config', 'gap.yaml', 'bundle');
    const verified = JSON.parse(essAirgap('verify', '--config', 'gap.yaml', '--format', 'json')) as {
      images: { image: string; result: string }[];
    };
    for (const path of ['/acme/tool:', '/ess-helm/matrix-stack:']) {
      const found = verified.images.filter(({ image }) => image.includes(path));
      if (found.length !== 1 || found[0]?.result !== 'present')
        throw new Error(`the bundle did not bring ${path}: ${JSON.stringify(found)}`);
    }
    const dist = join(folder, 'dist');
    execFileSync('sh', ['app.sh'], {
      env: { ...process.env, ESS_AIRGAP_CONFIG: join(folder, 'airgap.yaml'), CDK8S_OUTDIR: dist },
      stdio: ['ignore', 'ignore', 'ignore'],
    });

    // Helm has to find the chart where `wiring` says that it is.
    const command = essAirgap('wiring').match(/helm upgrade --install ess (\S+) --version (\S+) \\\n.*$/m);
    if (!command) throw new Error('wiring shows no command for Helm');
    const [, url = '', version = ''] = command;
    run('helm', ['pull', '--plain-http', url, '--version', version, '--untar', '--untardir', 'pulled']);

    const plan = JSON.parse(essAirgap('plan', '--format', 'json')) as {
      containers: {
        override: {
          image_repository_server: string;
          image_repository_path: string;
          image_digest: string;
        } | null;
      }[];
    };
    const planned = new Set(
      plan.containers.flatMap(({ override: it }) =>
        it ? `${it.image_repository_server}/${it.image_repository_path}@${it.image_digest}` : [],
      ),
    );
    const override = join(dist, 'ess-images.values');
    const flux = loadAll(readFileSync(join(dist, 'ess-images.k8s.yaml'), 'utf8')) as {
      data: Record<string, string>;
    }[];
    writeFileSync(join(folder, 'from-flux.yaml'), flux[0]?.data['values.yaml'] ?? '');
    const everything = ['hookshot.enabled=true', 'matrixAuthenticationService.syn2mas.enabled=true'];
    const render = (files: readonly string[], set: readonly string[]): string =>
      run('helm', [
        ...['template', 'ess', 'pulled/matrix-stack', '--namespace', 'ess'],
        ...files.flatMap((file) => ['--values', file]),
        ...set.flatMap((value) => ['--set', value]),
      ]);
    // The audit of what Helm renders agrees: all from the plan with the override, and not without.
    writeFileSync(join(folder, 'rendered.yaml'), render(['my-values.yaml', override], everything));
    essAirgap('audit', 'rendered.yaml');
    writeFileSync(join(folder, 'upstream.yaml'), render(['my-values.yaml'], everything));
    const audit = spawnSync(process.execPath, [resolve('build/ess-airgap.cjs'), 'audit', 'upstream.yaml'], {
      cwd: folder,
    });
    if (audit.status !== 1) throw new Error(`the audit of upstream images ended with ${audit.status}`);
    const guard = loadAll(readFileSync(join(dist, 'ess-guard.k8s.yaml'), 'utf8')) as {
      data: Record<string, string>;
    }[];
    const allowed = new Set(guard[0]?.data.images?.split('\n'));
    let containers = 0;
    let hooks = 0;
    for (const set of [[], everything, ['synapse.enabled=false'], ['image.pullPolicy=Always']]) {
      for (const file of [override, 'from-flux.yaml']) {
        for (const { name, hook, spec } of podsOf(render(['my-values.yaml', file], set))) {
          if (hook) hooks++;
          const secrets = spec.imagePullSecrets?.map((it) => it.name) ?? [];
          if (!secrets.includes('localregistry') || !secrets.includes('mine')) {
            throw new Error(`${name} has the pull Secrets ${secrets.join(', ') || 'none'}`);
          }
          for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
            containers++;
            if (!planned.has(container.image))
              throw new Error(`${name} runs ${container.image}, which is not planned`);
            if (!allowed.has(container.image))
              throw new Error(`the admission policy does not allow ${container.image} of ${name}`);
          }
        }
      }
    }
    if (containers < 100 || hooks < 10)
      throw new Error(`only ${containers} containers and ${hooks} hooks were rendered`);
    console.log(`${containers} containers, ${hooks} hooks: all from the plan, with both pull Secrets`);

    // Without the override nothing of that holds: the check can fail.
    const without = podsOf(render(['my-values.yaml'], []));
    const stray = without.flatMap(({ spec }) => spec.containers).filter(({ image }) => !planned.has(image));
    if (stray.length !== without.flatMap(({ spec }) => spec.containers).length)
      throw new Error('the check finds nothing');
    // A file of the user after the override wins: the finding helm-value-image says so.
    writeFileSync(join(folder, 'late.yaml'), `synapse: { image: { registry: "${upstream.server}" } }\n`);
    const late = podsOf(render([override, 'late.yaml'], [])).flatMap(({ spec }) => spec.containers);
    if (!late.some(({ image }) => image.startsWith(`${upstream.server}/ess/synapse@`)))
      throw new Error('the later file did not win');
    if (existsSync(join(dist, 'ess-images.values')) !== true)
      throw new Error('the override is not beside the manifests');
  } finally {
    await upstream.stop();
    await local.stop();
    await beyond.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
