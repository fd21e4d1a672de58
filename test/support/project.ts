import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What a command of a project printed, and how it ended. */
export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const isSecretsFile = (name: string): boolean => name.endsWith('ess-secrets.k8s.yaml');

/** Tells the plain Secrets among manifests by file name: those of the nodes first. */
export function divide(files: Readonly<Record<string, string>>): {
  secrets: string[];
  committed: Record<string, string>;
} {
  const entries = Object.entries(files);
  return {
    secrets: entries.flatMap(([name, text]) => (isSecretsFile(name) ? [text] : [])).reverse(),
    committed: Object.fromEntries(entries.filter(([name]) => !isSecretsFile(name))),
  };
}

/** A copy of this repository as a user has it after `npm ci`, with files of one's own. */
export class Project {
  readonly dir: string;

  /** @param files by path, laid over the sample's: another airgap.yaml, say */
  constructor(files: Readonly<Record<string, string>> = {}) {
    this.dir = mkdtempSync(join(tmpdir(), 'ess-airgap-project-'));
    for (const name of [
      'lib',
      'imports',
      'main.ts',
      'app.sh',
      'scripts',
      '.gitignore',
      'cdk8s.yaml',
      'airgap.yaml',
      'images_digests.yml',
      'package.json',
      'demo.env',
      'dist',
      'examples',
      'tsconfig.json',
    ]) {
      cpSync(name, join(this.dir, name), { recursive: true });
    }
    for (const name of readdirSync('dist').filter(isSecretsFile)) rmSync(join(this.dir, 'dist', name));
    for (const name of ['node_modules', 'build']) symlinkSync(resolve(name), join(this.dir, name));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    mkdirSync(join(this.dir, path, '..'), { recursive: true });
    writeFileSync(join(this.dir, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.dir, path), 'utf8');
  }

  /** The manifests that are there, by file name. */
  dist(): Record<string, string> {
    const names = readdirSync(join(this.dir, 'dist')).sort();
    return Object.fromEntries(names.map((name) => [name, this.read(`dist/${name}`)]));
  }

  /** Runs a command line in the project, with nothing in the environment but PATH and what is given. */
  run(command: string, env: Readonly<Record<string, string>> = {}): Run {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
      cwd: this.dir,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: this.dir,
        CDK8S_CHECK_UPGRADE: 'false',
        npm_config_loglevel: 'silent',
        ...env,
      },
    });
    return { status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
