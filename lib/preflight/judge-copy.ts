import type { Config } from '../config/schema.ts';
import { repositoryName } from '../image/reference.ts';
import type { Plan } from '../plan/model.ts';
import { rateBudgets } from '../plan/rate-budget.ts';
import type { Answer } from './answer.ts';
import type { Observation, ObservedServer } from './observation.ts';

/** What the target has, and what is missing that nobody copies. */
export function judgeImages({ present }: Observation, plan: Plan): Answer[] {
  if (!present) return [];
  const own = new Set(
    plan.relocations.flatMap(({ source, target }) => (source ? [] : [`${target.repository}:${target.tag}`])),
  );
  const nameOf = (image: { repository: string; tag?: string }): string => `${image.repository}:${image.tag}`;
  const lacking = present.filter(({ image, result }) => result !== 'present' && own.has(nameOf(image)));
  const different = present.filter(({ image, result }) => result === 'different' && !own.has(nameOf(image)));
  const there = present.filter(({ result }) => result === 'present').length;
  const of = (result: Answer['result'], message: string, hint?: string): Answer => ({
    about: 'the copy',
    check: 'images',
    result,
    message,
    ...(hint && { hint }),
  });
  const names = (some: typeof present): string =>
    `${some
      .slice(0, 3)
      .map(({ image }) => `${repositoryName(image)}:${image.tag}`)
      .join(', ')}${some.length > 3 ? ` and ${some.length - 3} more` : ''}`;
  return [
    of('ok', `the registry has ${there} of ${plural(present.length, 'image')}`),
    ...(lacking.length > 0
      ? [
          of(
            'failed',
            `your own images are missing in the registry: ${names(lacking)}`,
            'Push them yourself, or add a source to their overrides',
          ),
        ]
      : []),
    ...(different.length > 0
      ? [
          of(
            'warning',
            `the registry has another image at ${names(different)}`,
            'The copy replaces it. If tags are immutable, delete it first or set another tag in overrides',
          ),
        ]
      : []),
  ];
}

/** The server's remaining requests against what the copy needs. */
export function judgeQuota(
  { server, role, rateLimit }: ObservedServer,
  { size, present }: Observation,
  plan: Plan,
  config: Config,
): Answer[] {
  if (role !== 'source' || !rateLimit || !config.mirror) return [];
  const there = new Set(
    (present ?? []).filter(({ result }) => result === 'present').map(({ image }) => keyOf(image)),
  );
  const toCopy = plan.relocations.filter(
    ({ source, target }) => source?.registry === server && !there.has(keyOf(target)),
  );
  const budget = rateBudgets(toCopy, config.mirror).find((it) => it.server === server);
  const read = size?.unread.some(({ image }) => image.registry === server)
    ? undefined
    : size?.manifests.get(server);
  // With chosen platforms each manifest is asked for more than once.
  const known = config.mirror.platforms === 'all' ? read : undefined;
  const needed = known ?? budget?.requests ?? 0;
  const { remaining, limit, seconds } = rateLimit;
  const window = seconds ? ` in ${formatTime(seconds)}` : '';
  const left = `${remaining}${limit ? ` of ${limit}` : ''} pulls left${window}`;
  const of = (result: Answer['result'], message: string, hint?: string): Answer => ({
    about: server,
    check: 'quota',
    result,
    message,
    ...(hint && { hint }),
  });
  if (needed === 0 || remaining >= needed) {
    return [of('ok', `${left}; the copy needs ${known === undefined ? 'at most ' : ''}${needed}`)];
  }
  const least = known ?? toCopy.length;
  const hint =
    'Log in with an account that has a higher limit (mirror.auth), or copy in several runs: images that are already copied are not pulled again';
  if (remaining >= least)
    return [of('warning', `${left}; the copy needs between ${least} and ${needed}`, hint)];
  return [of('failed', `${left}; the copy needs ${known === undefined ? 'at least ' : ''}${least}`, hint)];
}

/** How much is copied. */
export function judgeSize({ size }: Observation): Answer[] {
  if (!size) return [];
  const { bytes, images, unread } = size;
  const of = (result: Answer['result'], message: string, hint?: string): Answer => ({
    about: 'the copy',
    check: 'size',
    result,
    message,
    ...(hint && { hint }),
  });
  const rate = (megabits: number): string => formatTime(Math.ceil((bytes * 8) / (megabits * 1e6)));
  const answers =
    images === 0 && unread.length === 0
      ? [of('ok', 'nothing is left to copy')]
      : [
          of(
            'ok',
            `${plural(images, 'image')} to copy, ${formatBytes(bytes)}, shared layers counted once; that takes ${rate(1000)} at 1 Gbit/s, ${rate(100)} at 100 Mbit/s`,
          ),
        ];
  if (unread.length === 0) return answers;
  const [{ reason } = {}] = unread;
  return [...answers, of('warning', `the size of ${plural(unread.length, 'image')} is unknown: ${reason}`)];
}

const SKEW_WARNING_SECONDS = 60;

/** This machine's clock against the servers'. */
export function judgeClock({ servers }: Observation): Answer[] {
  const skews = servers.flatMap(({ server, clockSkew }) =>
    clockSkew === undefined ? [] : [{ server, clockSkew }],
  );
  if (skews.length === 0) return [];
  const off = skews.filter(({ clockSkew }) => Math.abs(clockSkew) > SKEW_WARNING_SECONDS);
  if (off.length === 0) {
    const largest = Math.max(...skews.map(({ clockSkew }) => Math.abs(clockSkew)));
    return [
      {
        about: 'this machine',
        check: 'clock',
        result: 'ok',
        message: `the clock is within ${Math.ceil(largest)} s of the servers'`,
      },
    ];
  }
  const words = ({ server, clockSkew }: (typeof skews)[number]): string =>
    `${formatTime(Math.abs(Math.round(clockSkew)))} ${clockSkew > 0 ? 'behind' : 'ahead of'} ${server}`;
  // If all servers differ alike, it is our clock.
  const about = off.length === skews.length ? 'this machine' : (off[0]?.server ?? '');
  return [
    {
      about,
      check: 'clock',
      result: 'warning',
      message: `the clock of this machine is ${off.slice(0, 3).map(words).join(', ')}`,
      hint: 'Synchronise it with NTP: certificates and tokens are only valid for a certain time',
    },
  ];
}

/** The oldest skopeo that the mirror is tested with. */
const OLDEST_SKOPEO = '1.9';

/** The skopeo of this machine. */
export function judgeSkopeo({ skopeo }: Observation): Answer[] {
  if (skopeo === undefined) return [];
  const of = (result: Answer['result'], message: string, hint?: string): Answer[] => [
    { about: 'this machine', check: 'skopeo', result, message, ...(hint && { hint }) },
  ];
  if (skopeo === '') {
    return of(
      'warning',
      'skopeo is not installed',
      'The Job does not need it, but mirror and load do: https://github.com/containers/skopeo/blob/main/install.md',
    );
  }
  if (!isOlder(skopeo, OLDEST_SKOPEO)) return of('ok', `skopeo ${skopeo}`);
  return of(
    'warning',
    `skopeo ${skopeo} is older than ${OLDEST_SKOPEO}, the oldest version that is tested`,
    'Install a newer version for mirror and load',
  );
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((it) => it.split('.').map(Number));
  const [major = 0, minor = 0] = a ?? [];
  const [thanMajor = 0, thanMinor = 0] = b ?? [];
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
}

function keyOf({ repository, tag }: { repository: string; tag?: string }): string {
  return `${repository}:${tag}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Bytes as MB or GB. */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Seconds as `2h 5m`, `2m 10s` or `10s`. */
export function formatTime(seconds: number): string {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (h > 0) return m > 0 ? `${h}h ${m}m` : `${h}h`;
  if (m > 0) return s > 0 ? `${m}m ${s}s` : `${m}m`;
  return `${s}s`;
}
