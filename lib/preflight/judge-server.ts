import { formatReference } from '../image/reference.ts';
import type { Answer, Check } from './answer.ts';
import type { Observation, ObservedImage, ObservedServer } from './observation.ts';

const DAY = 24 * 60 * 60 * 1000;
/** A certificate that expires sooner is worth a warning: the next upgrade needs it too. */
const EXPIRES_SOON = 14 * DAY;

/** Whether a server can be reached, is trusted, accepts the login and gives the planned images. */
export function judgeServer(seen: ObservedServer, observation: Observation): Answer[] {
  const { server, role, addresses, images } = seen;
  const of = (check: Check, result: Answer['result'], message: string, hint?: string): Answer => ({
    about: server,
    check,
    result,
    message,
    ...(hint && { hint }),
  });
  const answers: Answer[] = [];
  // What nodes pull from is mostly the target, whose name and certificate have their answers.
  const isKnown =
    role === 'nodes' && observation.servers.some((it) => it.role === 'target' && it.server === server);
  if (!isKnown) {
    if (addresses && 'problem' in addresses) {
      return [of('name', 'failed', `the name does not resolve here (${addresses.problem})`, NAME_HINT)];
    }
    if (addresses) answers.push(of('name', 'ok', `resolves to ${addresses.slice(0, 3).join(', ')}`));
    else if (seen.proxy) answers.push(of('name', 'ok', `reached through the proxy ${seen.proxy}`));
    answers.push(...judgeTls(seen, observation, of));
  }
  if (seen.login.unknown) {
    return [
      ...answers,
      of('login', 'ok', 'not checked for the nodes: this machine does not have the login of the pull Secret'),
    ];
  }
  const refused = images.find(({ refusal }) => refusal)?.refusal;
  if (refused && images.every(({ refusal }) => refusal)) {
    // The reason is the name or the certificate, which has its answer.
    if (answers.some(({ result }) => result === 'failed')) return answers;
    if (isKnown && refused.kind === 'unreachable') return answers;
    // A registry may refuse to say that a repository is not there yet.
    const isLater = role === 'nodes' && refused.status !== 401 && refused.kind !== 'unreachable';
    const check = refused.status === 401 ? 'login' : 'read';
    return [
      ...answers,
      of(check, isLater ? 'warning' : 'failed', refused.message, hintFor(seen, refused.status)),
    ];
  }
  answers.push(of('login', 'ok', loginOf(seen)));
  if (role === 'source') answers.push(...judgeRead(images, observation, of));
  return answers;
}

type AnswerOf = (check: Check, result: Answer['result'], message: string, hint?: string) => Answer;

const NAME_HINT =
  'Check the spelling, the name server (/etc/resolv.conf) and HTTPS_PROXY if you need a proxy';

function judgeTls(
  { certificate, insecure, proxy }: ObservedServer,
  { now }: Observation,
  of: AnswerOf,
): Answer[] {
  if (insecure) {
    return [of('tls', 'ok', 'not checked: mirror.insecure allows plain HTTP and any certificate')];
  }
  if (!certificate) return proxy ? [of('tls', 'ok', 'checked through the proxy with the first request')] : [];
  const { issuer, validTo, problem } = certificate;
  if (problem) return [of('tls', 'failed', `${problem} (issued by "${issuer}")`)];
  const until = validTo.toISOString().slice(0, 10);
  const trusted = `trusted certificate of the CA "${issuer}", valid until ${until}`;
  if (validTo.getTime() - now.getTime() > EXPIRES_SOON) return [of('tls', 'ok', trusted)];
  return [of('tls', 'warning', trusted, 'Renew it: nodes and the Job reject it after that date')];
}

function loginOf({ login: { asked, from }, role }: ObservedServer): string {
  const who = role === 'nodes' ? ' of nodes' : '';
  if (!asked) return `does not require a login${role === 'nodes' ? ' from nodes' : ''}`;
  if (from) return `accepts the login${who} from ${from}`;
  return `accepts requests${who} without a login`;
}

function hintFor({ role, login }: ObservedServer, status: number | undefined): string | undefined {
  if (status === 429) return 'Wait, or log in with an account that has a higher limit';
  if (status !== 401 && status !== 403) return undefined;
  if (role === 'nodes') {
    return login.from
      ? 'Fix the login of the pull Secret (pullSecret): the nodes use it, too'
      : 'Configure pullSecret: nodes cannot pull without a login';
  }
  if (!login.from) return 'Add a login for the Job to mirror.auth';
  return 'Fix the login in mirror.auth, or run skopeo login again. It may not have the permission for this repository';
}

/** The images that are to be copied: those that the target has already are not needed from the source. */
function judgeRead(images: readonly ObservedImage[], { present }: Observation, of: AnswerOf): Answer[] {
  const there = new Set(
    (present ?? []).flatMap(({ result, image }) =>
      result === 'present' && image.digest ? [image.digest] : [],
    ),
  );
  const needed = images.filter(({ image }) => !image.digest || !there.has(image.digest));
  const absent = needed.filter(({ digest, refusal }) => !digest && !refusal);
  const refused = needed.filter(({ refusal }) => refusal);
  const answers: Answer[] = [];
  if (absent.length > 0) {
    answers.push(
      of(
        'read',
        'failed',
        `does not have ${list(absent)}`,
        'The image was removed upstream, or its name in the release file is wrong. Set another source in overrides',
      ),
    );
  }
  if (refused.length > 0) {
    const [{ refusal } = {}] = refused;
    answers.push(
      of(
        'read',
        'failed',
        `could not be asked for ${list(refused)}: ${refusal?.message}`,
        'Check the login and its permissions for these repositories',
      ),
    );
  }
  if (answers.length > 0) return answers;
  if (needed.length === 0) return [of('read', 'ok', 'no images are left to copy')];
  return [
    of('read', 'ok', `has ${needed.length === 1 ? 'the image' : `all ${needed.length} images`} to copy`),
  ];
}

/** The first three of some images. */
function list(images: readonly ObservedImage[]): string {
  const names = images.slice(0, 3).map(({ image }) => formatReference(image));
  return `${names.join(', ')}${images.length > 3 ? ` and ${images.length - 3} more` : ''}`;
}
