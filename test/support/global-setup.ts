import { spawnSync } from 'node:child_process';

const packages = {
  skopeo: 'skopeo',
  'docker-registry': 'docker-registry',
  htpasswd: 'apache2-utils',
  busybox: 'busybox',
  shellcheck: 'shellcheck',
  openssl: 'openssl',
  setpriv: 'util-linux',
  git: 'git',
  kubectl: 'kubernetes-client',
  script: 'bsdutils',
  chromium: 'chromium',
  mandoc: 'mandoc',
  zsh: 'zsh',
  fish: 'fish',
} as const;

const missing = () =>
  Object.entries(packages).filter(([tool]) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);

/**
 * The end-to-end tests use the real tools: install what is missing where that is possible, else say how. The tests of
 * the command line run the binary as it is built now.
 */
export default function setup(): void {
  installTools();
  const build = spawnSync('sh', ['scripts/build.sh'], { stdio: 'inherit' });
  if (build.status !== 0) throw new Error('the command-line tool does not build');
}

function installTools(): void {
  const wanted = missing().map(([, name]) => name);
  if (wanted.length === 0) return;
  const install = `apt-get update && apt-get install -y --no-install-recommends ${wanted.join(' ')}`;
  if (process.getuid?.() === 0 && spawnSync('sh', ['-c', 'command -v apt-get']).status === 0) {
    console.log(`installing ${wanted.join(', ')} for the end-to-end tests`);
    spawnSync('sh', ['-c', `DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND; ${install}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const still = missing();
  if (still.length > 0) {
    throw new Error(
      `The end-to-end tests need ${still.map(([tool]) => tool).join(', ')}. On Debian or Ubuntu, as root: ${install}`,
    );
  }
}
