import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Config } from '../config/schema.ts';
import { readGivenLogins } from '../credentials/logins.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { Environment } from '../input/environment.ts';
import { proxyFor } from '../input/proxy.ts';
import type { Plan } from '../plan/model.ts';
import { rateBudgets } from '../plan/rate-budget.ts';
import type { Head, RegistryClient } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';
import type { Limits } from '../registry/limits.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { withRegistries } from '../registry/open.ts';
import { trustedCertificates } from '../registry/trust.ts';
import { type Verdict, verifyRelocations } from '../registry/verify.ts';
import { inspectCertificate } from './certificate.ts';
import type {
  Observation,
  ObservedImage,
  ObservedPush,
  ObservedServer,
  ObservedSize,
  Refusal,
} from './observation.ts';
import { questionsOf, type ServerQuestion } from './questions.ts';
import { readSize } from './size.ts';

export interface ObserveOptions {
  readonly plan: Plan;
  readonly config: Config;
  /** Where credentials, certificates and proxies are named, as `process.env`. */
  readonly environment: Environment;
  /** File of PEM certificates to trust beside those of the machine. */
  readonly caFile?: string;
  /** Asks each server about one image only, and looks at neither names, certificates, sizes nor the clock. */
  readonly short?: boolean;
  /** Reads the manifests of the images to copy, for their size. Default: true. */
  readonly size?: boolean;
  /** Pushes a test image to the target and deletes it. Default: false. */
  readonly probePush?: boolean;
  readonly onProgress?: (text: string) => void;
}

/** A preflight answers soon: a server that takes longer than this is reported as such. */
const LIMITS: Limits = { request: 20_000, question: 40_000, firstPause: 500, bytesPerSecond: 16 * 1024 };
const CONNECTIONS = 8;

/**
 * Asks everything that a copy of the plan needs: the sources and the target with the logins of the mirror, the server that
 * nodes pull from with the login of the pull Secret, if this machine has it.
 *
 * @throws InputError for credentials or certificates that cannot be read
 */
export async function observe(options: ObserveOptions): Promise<Observation> {
  const { plan, config, environment, caFile, short = false, onProgress = () => {} } = options;
  const { servers, pushes } = questionsOf(plan, config);
  const open = { environment, limits: LIMITS, ...(caFile && { caFile }) };
  const wanted = short ? servers.filter(({ role }) => role !== 'nodes') : servers;
  let asked = 0;
  const ask = async (question: ServerQuestion, client: RegistryClient): Promise<ObservedServer> => {
    const seen = await inspectServer(question, client, options);
    onProgress(`${++asked} of ${wanted.length} servers asked`);
    return seen;
  };
  const byMirror = await withRegistries(config, { ...open, usedBy: 'mirror' }, async (client) => {
    const seen = await Promise.all(
      wanted.filter(({ role }) => role !== 'nodes').map((question) => ask(question, client)),
    );
    // A server that did not answer is not asked to take uploads.
    const answering = new Set(
      seen.flatMap(({ server, images }) => (images.some(({ refusal }) => !refusal) ? [server] : [])),
    );
    const open = pushes.filter(({ registry }) => answering.has(registry));
    const pushed = await mapBounded(short ? open.slice(0, 1) : open, CONNECTIONS, (repository) =>
      inspectPush(repository, client, options),
    );
    const targets = seen.filter(({ role }) => role === 'target');
    const canVerify = !short && targets.length > 0 && targets.every(({ server }) => answering.has(server));
    const present = canVerify ? await verifyRelocations(plan.relocations, client) : undefined;
    const size =
      short || options.size === false ? undefined : await inspectSize(options, seen, present, client);
    return { seen, pushed, present, size };
  });
  const nodesOpen = { ...open, usedBy: 'nodes', configuredOnly: true } as const;
  const nodes = await withRegistries(config, nodesOpen, (client) =>
    Promise.all(wanted.filter(({ role }) => role === 'nodes').map((question) => ask(question, client))),
  );
  const { seen, pushed, present, size } = byMirror;
  return {
    servers: [...seen, ...nodes],
    pushes: pushed,
    ...(present && { present }),
    ...(size && { size }),
    ...(!short && { skopeo: await skopeoVersion(environment) }),
    now: new Date(),
  };
}

async function inspectServer(
  { server, role, insecure, images }: ServerQuestion,
  client: RegistryClient,
  { config, environment, caFile, short }: ObserveOptions,
): Promise<ObservedServer> {
  const url = new URL(`https://${server === 'docker.io' ? 'registry-1.docker.io' : server}`);
  const proxy = proxyFor(url, environment);
  const base = { server, role, insecure, ...(proxy && { proxy: new URL(proxy).host }) };
  const isDirect = !short && !proxy;
  const addresses = isDirect ? await inspectAddresses(url.hostname) : undefined;
  if (addresses && 'problem' in addresses) {
    return { ...base, addresses, login: { asked: false }, images: [] };
  }
  const certificate =
    isDirect && !insecure
      ? await inspectCertificate(
          url.hostname,
          Number(url.port || 443),
          trustedCertificates(environment, caFile),
          10_000,
        )
      : undefined;
  if (
    role === 'nodes' &&
    config.pullSecret &&
    readGivenLogins(config, environment, { usedBy: 'nodes' }).length === 0
  ) {
    return {
      ...base,
      ...(addresses && { addresses }),
      ...(certificate && { certificate }),
      login: { asked: false, unknown: true },
      images: [],
    };
  }
  let last: (Head & { at: number }) | undefined;
  const ask = async (image: ImageReference): Promise<ObservedImage> => {
    try {
      const head = await client.head(
        image,
        image.digest && role === 'source' ? image.digest : (image.tag ?? image.digest ?? ''),
      );
      last = { ...head, at: Date.now() };
      return { image, ...(head.digest && { digest: head.digest }) };
    } catch (error) {
      return { image, refusal: refusalOf(error) };
    }
  };
  // The first goes alone: if its login is refused, the others are not tried, and no account gets locked.
  const [first, ...others] = images;
  const seen = first ? [await ask(first)] : [];
  const refusal = seen[0]?.refusal;
  if (role === 'source' && !short && (!refusal || refusal.status === 403)) {
    seen.push(...(await mapBounded(others, CONNECTIONS, ask)));
  }
  return {
    ...base,
    ...(addresses && { addresses }),
    ...(certificate && { certificate }),
    ...(last?.date && { clockSkew: (last.date.getTime() - last.at) / 1000 }),
    ...(last?.rateLimit && { rateLimit: last.rateLimit }),
    login: first ? await client.loginFor(first) : { asked: false },
    images: seen,
  };
}

async function inspectAddresses(hostname: string): Promise<string[] | { problem: string }> {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) return [host];
  const overdue = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer within 10 s')), 10_000).unref();
  });
  try {
    const found = await Promise.race([lookup(host, { all: true }), overdue]);
    return found.map(({ address }) => address);
  } catch (error) {
    return { problem: error instanceof Error && 'code' in error ? String(error.code) : String(error) };
  }
}

async function inspectPush(
  image: ImageReference,
  client: RegistryClient,
  { config, probePush = false }: ObserveOptions,
): Promise<ObservedPush> {
  const place = { server: image.registry, repository: image.repository };
  let cancelled = false;
  try {
    ({ cancelled } = await client.tryUpload(image));
  } catch (error) {
    return { ...place, refusal: refusalOf(error) };
  }
  if (!probePush) return { ...place, cancelled };
  const tag = `ess-airgap-preflight-${randomBytes(4).toString('hex')}`;
  try {
    const sparseIndex = config.mirror !== undefined && config.mirror.platforms !== 'all';
    return { ...place, cancelled, probe: { tag, ...(await client.probePush(image, { tag, sparseIndex })) } };
  } catch (error) {
    return { ...place, cancelled, probe: { tag, refusal: refusalOf(error) } };
  }
}

/** Reads the manifests of what is to be copied, but for servers where that would take pulls that the copy needs. */
async function inspectSize(
  { plan, config, onProgress = () => {} }: ObserveOptions,
  servers: readonly ObservedServer[],
  present: readonly Verdict[] | undefined,
  client: RegistryClient,
): Promise<ObservedSize> {
  const there = new Set(
    (present ?? []).flatMap(({ result, image }) =>
      result === 'present' ? [`${repositoryName(image)}:${image.tag}`] : [],
    ),
  );
  const toCopy = plan.relocations.flatMap(({ source, target, platforms }) => {
    if (!source || there.has(`${repositoryName(target)}:${target.tag}`)) return [];
    return [
      {
        image: { ...source, ...(target.digest && { digest: target.digest }) },
        ...(platforms && { platforms }),
      },
    ];
  });
  const scarce = new Map<string, string>();
  for (const { server, rateLimit, images } of servers.filter(({ role }) => role === 'source')) {
    if (images.every(({ refusal }) => refusal)) scarce.set(server, `${server} does not answer`);
    if (!rateLimit || !config.mirror) continue;
    const needed =
      rateBudgets(plan.relocations, config.mirror).find((it) => it.server === server)?.requests ?? 0;
    // Reading the size takes as many pulls as copying.
    if (rateLimit.remaining < 2 * needed)
      scarce.set(server, `reading it would use pulls of ${server} that the copy needs`);
  }
  const readable = toCopy.filter(({ image }) => !scarce.has(image.registry));
  let read = 0;
  const size = await readSize(readable, client, () => {
    onProgress(`the size of ${++read} of ${readable.length} images read`);
  });
  const skipped = toCopy.flatMap(({ image }) => {
    const reason = scarce.get(image.registry);
    return reason ? [{ image, reason }] : [];
  });
  return { ...size, unread: [...size.unread, ...skipped] };
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof RegistryError)) throw error;
  const { kind, status, message } = error;
  return { kind, message, ...(status !== undefined && { status }) };
}

/** The version of the skopeo on the PATH; empty if there is none. */
function skopeoVersion(environment: Environment): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('skopeo', ['--version'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: environment,
      timeout: 10_000,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < 1000) output += text;
    });
    child.once('error', () => resolve(''));
    child.once('close', () => resolve(/skopeo version (\d+\.\d+(?:\.\d+)?)/.exec(output)?.[1] ?? ''));
  });
}
