// What `ess-airgap verify` of 1,000 images costs, against a real docker-registry on loopback: whole processes.
//
//   npm run build && node_modules/.bin/esbuild bench/verify.ts --bundle --platform=node --log-level=warning \
//     --outfile=node_modules/.cache/ess-airgap/bench-verify.cjs && node node_modules/.cache/ess-airgap/bench-verify.cjs > bench/verify.md
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeImage, pushImage } from '../test/support/images.ts';
import { ask, createCertificateAuthority, type Registry, startRegistry } from '../test/support/registry.ts';
import { digestsFileOf } from '../test/support/release.ts';

const IMAGES = 1000;
const REPOSITORIES = 50;
const RUNS = 5;
const login = { username: 'puller', password: 'fake-pull-password' };

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-bench-'));
  const authority = createCertificateAuthority(dir);
  const open = await startRegistry();
  const secured = await startRegistry({ password: login, tls: authority });
  try {
    const rows = [
      await measure(dir, 'plain HTTP', open, {}),
      await measure(dir, 'TLS and a password', secured, { ...login, ca: authority.ca }),
    ];
    process.stdout.write(`# \`ess-airgap verify\` of ${IMAGES} images

docker-registry 2.8 on loopback, ${cpus().length} cores shared with it, Node ${process.versions.node}; ${REPOSITORIES} repositories;
whole processes, ${RUNS} runs. Written by \`bench/verify.ts\`.

| registry | median | slowest | requests a run |
|---|---|---|---|
${rows.join('\n')}
`);
  } finally {
    await Promise.all([open.stop(), secured.stop()]);
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(
  dir: string,
  name: string,
  registry: Registry,
  access: { username?: string; password?: string; ca?: string },
): Promise<string> {
  const images: Record<string, string> = {};
  for (let repository = 0; repository < REPOSITORIES; repository++) {
    const path = `team/repository-${repository}`;
    const image = makeImage({ name: path, architectures: ['amd64'], layers: [{ seed: 'layer', size: 100 }] });
    await pushImage(registry.server, path, 'v0', image, access);
    for (let tag = 0; tag < IMAGES / REPOSITORIES; tag++) {
      await ask('PUT', registry.server, `/v2/${path}/manifests/v${tag}`, access, {
        headers: { 'content-type': image.mediaType },
        body: image.data,
      });
      images[`component_${repository}/container_${tag}`] = `quay.io/${path}:v${tag}@${image.digest}`;
    }
  }
  writeFileSync(join(dir, 'images_digests.yml'), digestsFileOf(images));
  writeFileSync(
    join(dir, 'airgap.yaml'),
    `apiVersion: ess-airgap/v1
registry: { server: "${registry.server}" }
pullSecret: { name: registry, source: env }
mirror: { image: "x.example/skopeo:1"${access.ca ? '' : `, insecure: ["${registry.server}"]`} }
`,
  );
  const times: number[] = [];
  let requests = 0;
  for (let run = 0; run < RUNS; run++) {
    const mark = registry.mark();
    const started = performance.now();
    const args = [
      resolve('build/ess-airgap.cjs'),
      'verify',
      ...(access.ca ? ['--ca', join(dir, 'ca.crt')] : []),
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: dir,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        ...(access.username && {
          ESS_AIRGAP_PULL_USERNAME: login.username,
          ESS_AIRGAP_PULL_PASSWORD: login.password,
        }),
      },
    });
    times.push((performance.now() - started) / 1000);
    if (status !== 0 || !stdout.includes(`${IMAGES} of ${IMAGES} images are there`))
      throw new Error(stdout + stderr);
    requests = registry.mark() - mark;
  }
  times.sort((a, b) => a - b);
  const seconds = (at: number): string => `${times[at]?.toFixed(2)} s`;
  return `| ${name} | ${seconds(Math.floor(RUNS / 2))} | ${seconds(RUNS - 1)} | ${requests} |`;
}

void main();
