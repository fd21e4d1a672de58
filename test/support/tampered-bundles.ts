import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOAD_SCRIPT } from '../../lib/bundle/script.ts';
import { type BundleLab, first, planDigest } from './bundles.ts';
import { BINARY } from './cli.ts';
import { makeSignedImage, pushSignedImage } from './signed-images.ts';
import type { Tampering } from './tampering.ts';

const SECONDS = 60;

/** Tampers with copies of two bundles, and tries to load them with both commands. */
export class TamperedBundles {
  readonly #lab: BundleLab;
  readonly #whole: string;
  readonly #split: string;
  readonly #script: string;
  readonly #tmp: string;
  #number = 0;

  private constructor(lab: BundleLab) {
    this.#lab = lab;
    this.#whole = join(lab.directory, 'whole');
    this.#split = join(lab.directory, 'split');
    this.#script = join(lab.directory, 'load.sh');
    this.#tmp = join(lab.directory, 'tmp');
    // Not the one of the bundle: that is what sha256sum is for, before it is run.
    writeFileSync(this.#script, LOAD_SCRIPT);
  }

  static async make(lab: BundleLab): Promise<TamperedBundles> {
    const bundles = new TamperedBundles(lab);
    const { image, artifacts, manifests } = makeSignedImage('signed');
    await pushSignedImage(lab.source.server, 'zzz/signed', { image, artifacts, manifests });
    // The last by its target: its artifacts change nothing for the other images.
    const release = { ...first, 'zzz/signed': { path: 'zzz/signed', tag: 'v1', image, artifacts } };
    for (const args of [
      ['--output', bundles.#whole],
      ['--output', bundles.#split, '--split-size', '128KiB'],
    ]) {
      const run = await lab.bundle(release, args);
      if (run.status !== 0) throw new Error(run.stderr);
    }
    return bundles;
  }

  /** What is wrong with how the commands take a tampered bundle: nothing, if both reject it as they should. */
  async faultsOf(tampering: Tampering): Promise<string[]> {
    const made = tampering.split ? this.#split : this.#whole;
    const dir = join(this.#lab.directory, `tampered-${++this.#number}`);
    cpSync(made, dir, { recursive: true });
    tampering.change(dir);
    const options = tampering.digest ? ['--digest', planDigest(made)] : ['--server', this.#lab.target.server];
    const faults: string[] = [];
    for (const [name, command] of [
      ['load', [process.execPath, BINARY, 'load', ...options, dir]],
      ['load.sh', ['sh', this.#script, ...options, dir]],
    ] as const) {
      const mark = this.#lab.target.mark();
      rmSync(this.#tmp, { recursive: true, force: true });
      mkdirSync(this.#tmp);
      const { status, stdout, stderr } = await this.#run(command);
      const fault = (what: string): void => {
        faults.push(`${name}: ${what}: ${stderr.slice(0, 1000)}`);
      };
      if (status !== 2) fault(`exit code ${status}`);
      if (stdout !== '') fault(`printed ${stdout}`);
      if (!tampering.says.test(stderr)) fault(`does not say ${tampering.says}`);
      if (/ {4}at |bug in ess-airgap|not found\n|syntax error|bad number|unexpected/i.test(stderr))
        fault('broke');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      if (/[\x00-\x09\x0b-\x1f\x7f]/.test(stderr)) fault('printed control characters');
      if (stderr.length > 20_000) fault('printed too much');
      if (this.#lab.target.mark() !== mark) fault('asked the registry');
      const left = readdirSync(this.#tmp);
      if (left.length > 0) fault(`left ${left.join(', ')}`);
    }
    rmSync(dir, { recursive: true, force: true });
    rmSync(`${dir}-outside`, { recursive: true, force: true });
    return faults;
  }

  #run([program = '', ...args]: readonly string[]): Promise<{
    status: number | string | null;
    stdout: string;
    stderr: string;
  }> {
    const child = spawn(program, args, {
      cwd: this.#lab.directory,
      env: {
        PATH: process.env.PATH,
        HOME: this.#lab.directory,
        TMPDIR: this.#tmp,
        ...this.#lab.pushEnv,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      }, SECONDS * 1000);
      child.once('error', reject).once('close', (status, signal) => {
        clearTimeout(timer);
        resolve({ status: signal ? `none: it ran for ${SECONDS} s` : status, stdout, stderr });
      });
    });
  }
}
