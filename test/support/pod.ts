import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { asRoot, type Pod, type PodOptions, readPod } from './kubelet.ts';

export type { PodOptions } from './kubelet.ts';

export interface PodResult {
  /** As the kubelet reports it: 128 + n after signal n. */
  exitCode: number;
  /** Where `kill` ended it; from any other signal nothing but its own handlers can end a first process. */
  signal?: 'SIGKILL';
  stdout: string;
  stderr: string;
  terminationLog: string;
  /** From the start of the container's own process. */
  durationMs: number;
}

export interface RunningPod {
  /** Signals the container's first process, once it runs; SIGKILL ends all of its processes. */
  kill(signal: NodeJS.Signals): Promise<void>;
  result: Promise<PodResult>;
}

/** What quay.io/skopeo/stable has, as far as a script may rely on it. */
const tools = `skopeo [ base64 basename cat chmod chown comm cp csplit cut date dd df dirname du echo env expand expr
  factor false fmt fold head id join ln ls md5sum mkdir mkfifo mktemp mv nl nohup nproc numfmt od paste pathchk pr
  printenv printf pwd readlink realpath rm rmdir seq sha1sum sha256sum sha512sum shred shuf sleep sort split stat
  stdbuf sum sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq wc whoami yes`;
/** Runs one container of a Job's pod to its end. */
export const runPod = (options: PodOptions): Promise<PodResult> => startPod(options).result;

/** Starts one container of a Job's pod as a kubelet would, from the manifests alone, in namespaces of its own. */
export function startPod(options: PodOptions): RunningPod {
  const { signalAfter } = options;
  const directory = fs.mkdtempSync(join(tmpdir(), 'ess-pod-'));
  const clean = () => fs.rmSync(directory, { recursive: true, force: true });
  try {
    const { child, stdout, stderr } = launch(options, readPod(options, directory), directory);
    let killed = false;
    const exit = new Promise<number>((resolve, reject) => {
      child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
    });
    const started = new Promise<{ pid: number; at: number }>((resolve) => {
      const answer = (pid: Buffer | boolean) => resolve({ pid: Number(pid), at: performance.now() });
      (child.stdio[3] as Socket).once('data', answer).once('close', () => answer(false));
    });
    const kill = async (signal: NodeJS.Signals) => {
      const { pid } = await started;
      if (!pid || child.exitCode !== null) return;
      try {
        process.kill(pid, signal);
        killed ||= signal === 'SIGKILL';
      } catch {
        // It has ended by itself in this very moment.
      }
    };
    const finish = async (): Promise<PodResult> => {
      const timer = signalAfter && started.then(() => setTimeout(kill, signalAfter.ms, signalAfter.signal));
      const exitCode = await exit;
      const endedAt = performance.now();
      clearTimeout(await timer);
      const { pid, at } = await started;
      if (!pid) throw new Error(`The container could not be set up: ${(await stderr).trim()}\n${needs}`);
      return {
        exitCode,
        ...(killed && exitCode === 137 && { signal: 'SIGKILL' }),
        stdout: await stdout,
        stderr: await stderr,
        terminationLog: fs.readFileSync(join(directory, 'termination-log'), 'utf8'),
        durationMs: Math.round(endedAt - at),
      };
    };
    return { kill, result: finish().finally(clean) };
  } catch (error) {
    clean();
    throw error;
  }
}

function launch(options: PodOptions, pod: Pod, directory: string) {
  const root = join(directory, 'root');
  makeRoot(root, options, pod);
  const setup = [prologue, ...mounts(pod, directory, root), epilogue].join('\n');
  const namespaces = ['--mount', '--pid', ...(asRoot ? [] : ['--map-root-user'])];
  const line = ['--pdeathsig=KILL', hostPath('unshare'), ...namespaces, '/bin/sh', '-c', setup];
  // Fifos as in a real container: Node's own pipes are sockets, and a script could not open /dev/stderr.
  const output = [join(directory, 'stdout'), join(directory, 'stderr')];
  execFileSync('mkfifo', ['-m', '0666', ...output]);
  const [stdout = '', stderr = ''] = output.map((file) => {
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    return text(new Socket({ fd, readable: true, writable: false }));
  });
  const write = output.map((file) => fs.openSync(file, 'w'));
  const child = spawn(hostPath('setpriv'), [...line, root, ...asContainer(pod, root)], {
    env: pod.env,
    stdio: ['ignore', ...write, 'pipe'],
  });
  for (const fd of write) fs.closeSync(fd);
  return { child, stdout, stderr };
}

const needs = `Tests that run the Job need mount and PID namespaces: run them as root with CAP_SYS_ADMIN (in Docker:
--privileged), or as a user who may make user namespaces (kernel.unprivileged_userns_clone=1, on Ubuntu also
kernel.apparmor_restrict_unprivileged_userns=0).`;

/** An image's file system: the tools above and nothing else to run, over the libraries of the host. */
function makeRoot(root: string, { shell = 'dash', files }: PodOptions, { hostAliases }: Pod): void {
  const folders =
    'dev/shm etc/containers .host/usr home proc root run sys tmp usr/bin usr/sbin usr/local/bin var/tmp';
  for (const folder of folders.split(' ')) fs.mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ['tmp', 'var/tmp']) fs.chmodSync(join(root, folder), 0o1777);
  fs.chmodSync(root, 0o755);
  const link = (target: string, path: string) => fs.symlinkSync(target, join(root, path));
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) link(`usr/${name}`, name);
  for (const name of ['lib', 'lib64', 'libexec', 'share']) link(`../.host/usr/${name}`, `usr/${name}`);
  for (const tool of tools.split(/\s+/)) link(`../../.host${hostPath(tool)}`, `usr/bin/${tool}`);
  link(`../../.host${hostPath(shell.split(' ')[0] ?? '')}`, 'usr/bin/sh');
  link('../run', 'var/run');
  for (const [at, name] of ['stdin', 'stdout', 'stderr'].entries())
    link(`/proc/self/fd/${at}`, `dev/${name}`);
  link('/proc/self/fd', 'dev/fd');
  const aliases = hostAliases.map(({ ip, hostnames = [] }) => `${ip} ${hostnames.join(' ')}\n`);
  const content = {
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    '/etc/group': 'root:x:0:\n',
    '/etc/nsswitch.conf': 'hosts: files dns\n',
    '/etc/hosts': `127.0.0.1 localhost\n${aliases.join('')}`,
    '/etc/resolv.conf': fs.existsSync('/etc/resolv.conf') ? fs.readFileSync('/etc/resolv.conf', 'utf8') : '',
    '/etc/containers/policy.json': '{"default":[{"type":"insecureAcceptAnything"}]}',
    ...files,
  };
  for (const [path, data] of Object.entries(content)) {
    fs.mkdirSync(dirname(join(root, path)), { recursive: true });
    fs.writeFileSync(join(root, path), data);
  }
}

function hostPath(tool: string): string {
  for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin']) {
    if (fs.existsSync(join(folder, tool))) {
      const path = join(fs.realpathSync(folder), basename(tool));
      if (path.startsWith('/usr/')) return path;
    }
  }
  throw new Error(`No ${tool} under /usr`);
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

// The parenthesis is the container's first process; up to its last line it runs on the host's files, in mounts
// of its own. The shell around it only waits: what it says of a killed child is none of the container's output.
const prologue = `exec 4>&2 2>/dev/null
(
exec 2>&4 4>&-
set -e
umask 022
root=$0 path=$PATH PATH=/usr/sbin:/usr/bin:/sbin:/bin
bind() {
  if [ -d "$1" ]; then mkdir -p "$2"; elif [ ! -e "$2" ]; then mkdir -p "\${2%/*}"; : >"$2"; fi
  mount --rbind "$1" "$2"
}
seal() { mount -o remount,bind,ro "$1"; }
mount --rbind "$root" "$root"
bind /usr "$root/.host/usr"
seal "$root/.host/usr"
for device in null zero full random urandom tty; do bind "/dev/$device" "$root/dev/$device"; done
mount -t tmpfs -o mode=1777,size=64m shm "$root/dev/shm"
mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"`;
const epilogue = `read -r pid rest </proc/self/stat
echo "$pid" >&3
exec 3>&-
PATH=$path
unset PWD OLDPWD
exec "$@"
)
exit $?`;

/** The command line that enters the root and becomes the container's user, without any privilege. */
function asContainer({ container, security, command }: Pod, root: string): string[] {
  const { runAsUser: user = 0, runAsGroup: group = 0, fsGroup } = security;
  const enter = [hostPath('chroot'), root, `/.host${hostPath('env')}`, '-C', container.workingDir ?? '/'];
  const bare = [
    '--inh-caps=-all',
    '--ambient-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
    '--pdeathsig=KILL',
    '--',
  ];
  const setpriv = `/.host${hostPath('setpriv')}`;
  if (!asRoot) {
    const mapped = [`--map-user=${user}`, `--map-group=${group}`, '--keep-caps'];
    return [hostPath('unshare'), '--user', ...mapped, ...enter, setpriv, ...bare, ...command];
  }
  const groups = fsGroup === undefined ? '--clear-groups' : `--groups=${fsGroup}`;
  return [...enter, setpriv, `--reuid=${user}`, `--regid=${group}`, groups, ...bare, ...command];
}

/** The lines that put the pod's volumes in place, outer mount points before inner ones. */
function mounts({ container, security, volumes }: Pod, directory: string, root: string): string[] {
  const lines: string[] = [];
  const sealed: string[] = [];
  for (const { place, tmpfs } of volumes.values()) {
    if (tmpfs) lines.push(`mount -t tmpfs -o ${tmpfs} tmpfs ${quote(place)}`);
  }
  const wanted = [...(container.volumeMounts ?? [])].sort((a, b) => a.mountPath.length - b.mountPath.length);
  for (const { name, mountPath, subPath = '', readOnly } of wanted) {
    const volume = volumes.get(name);
    if (!volume) throw new Error(`${container.name} mounts ${name}, which is no volume of the pod`);
    const [source, target] = [quote(join(volume.place, subPath)), quote(join(root, mountPath))];
    if (subPath && volume.writable) lines.push(`[ -e ${source} ] || mkdir -p -m 0777 ${source}`);
    lines.push(`bind ${source} ${target}`);
    if (readOnly || !volume.writable) sealed.push(`seal ${target}`);
  }
  const log = join(directory, 'termination-log');
  fs.writeFileSync(log, '');
  fs.chmodSync(log, 0o666);
  lines.push(
    `bind ${quote(log)} ${quote(join(root, container.terminationMessagePath ?? '/dev/termination-log'))}`,
  );
  if (security.readOnlyRootFilesystem) sealed.push('seal "$root"');
  return [...lines, ...sealed];
}
