import type { Credential } from '../credentials/machine.ts';
import { rememberLogin } from '../credentials/redact.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { discard, readJson } from './body.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { RegistryError } from './error.ts';
import type { Http } from './http.ts';
import { type Deadline, MAX_BYTES } from './limits.ts';
import { SentSecrets } from './sent-secrets.ts';

type Repository = Pick<ImageReference, 'registry' | 'repository'>;

/** What a token is good for. */
export type Actions = 'pull' | 'pull,push' | 'pull,push,delete';

/** Where logins come from. */
export interface LoginFinder {
  /** @throws InputError if a credential helper fails */
  find(image: Repository): Promise<Credential | undefined>;
}

export interface AuthorizerOptions {
  readonly http: Http;
  readonly credentials: LoginFinder;
  /** Whether a server may be spoken to over plain HTTP or with any certificate. */
  readonly isInsecure: (url: URL) => boolean;
}

/**
 * Logs in to registries that ask for it: with name and password (basic), or with a token that the registry's token
 * server gives for one repository (OCI distribution specification;
 * https://distribution.github.io/distribution/spec/auth/token/).
 */
export class Authorizer {
  readonly sent = new SentSecrets();
  readonly #http: Http;
  readonly #credentials: LoginFinder;
  readonly #isInsecure: AuthorizerOptions['isInsecure'];
  readonly #challenges = new Map<string, Challenge>();
  readonly #tokens = new Map<string, Promise<string>>();
  readonly #refused = new Set<Credential>();

  constructor({ http, credentials, isInsecure }: AuthorizerOptions) {
    this.#http = http;
    this.#credentials = credentials;
    this.#isInsecure = isInsecure;
  }

  /**
   * Takes what a server asks for with 401.
   *
   * @param sent the header that was not enough
   * @returns whether another attempt would send something else
   */
  learn(image: Repository, header: string | string[] | undefined, sent: string | undefined): boolean {
    const challenges = parseChallenges(header);
    const wanted =
      challenges.find(({ scheme }) => scheme === 'bearer') ??
      challenges.find(({ scheme }) => scheme === 'basic');
    if (!wanted) return false;
    this.#challenges.set(image.registry, wanted);
    // A token may have expired; a password that was refused stays wrong.
    for (const key of this.#tokens.keys())
      if (key.startsWith(`${repositoryName(image)} `)) this.#tokens.delete(key);
    return sent === undefined || wanted.scheme === 'bearer';
  }

  /** The header that this image's registry asks for; undefined if it asks for none. */
  async authorization(image: Repository, actions: Actions, deadline: Deadline): Promise<string | undefined> {
    const challenge = this.#challenges.get(image.registry);
    if (!challenge) return undefined;
    if (challenge.scheme === 'basic') return this.#basic(await this.#find(image));
    const key = `${repositoryName(image)} ${actions}`;
    const known = this.#tokens.get(key) ?? this.#token(image, challenge, actions, deadline);
    this.#tokens.set(key, known);
    // A refusal stays; a token server that could not be reached may be back for the next question.
    known.catch((error: unknown) => {
      if (!(error instanceof RegistryError && error.kind === 'unauthorized')) this.#tokens.delete(key);
    });
    const token = await known;
    this.sent.add(token);
    return `Bearer ${token}`;
  }

  /** Whether a registry has asked for a login. */
  isAskedBy(registry: string): boolean {
    return this.#challenges.has(registry);
  }

  /** The credential for a repository, whether or not the registry asks for one. */
  credentialFor(image: Repository): Promise<Credential | undefined> {
    return this.#credentials.find(image);
  }

  /** What to say when the registry does not accept what it was given. */
  async refusal(image: Repository): Promise<RegistryError> {
    const credential = await this.#credentials.find(image);
    const name = repositoryName(image);
    if (this.#challenges.get(image.registry)?.scheme !== 'bearer') return this.#refuse(name, credential);
    // The token server accepted the login: only for this repository it is not enough. Docker Hub says the same of a
    // repository that does not exist.
    return denied(name, 'the registry', credential);
  }

  /** A credential that was refused once is not tried again: a thousand wrong logins lock an account. */
  async #find(image: Repository): Promise<Credential | undefined> {
    const credential = await this.#credentials.find(image);
    if (credential && this.#refused.has(credential)) throw this.#refuse(repositoryName(image), credential);
    return credential;
  }

  #refuse(name: string, credential: Credential | undefined, by = 'the registry'): RegistryError {
    if (credential) this.#refused.add(credential);
    const what = credential ? `the credential in ${credential.from}` : 'access without a credential';
    const login = credential ? '' : `; to log in: skopeo login ${name.split('/')[0]}`;
    return new RegistryError('unauthorized', `${name}: ${by} refuses ${what}${login}`, 401);
  }

  #basic(credential: Credential | undefined): string | undefined {
    if (credential?.username === undefined) return undefined;
    const { username, password = '' } = credential;
    const value = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
    rememberLogin(credential);
    this.sent.add(value);
    return `Basic ${value}`;
  }

  async #token(
    image: Repository,
    { parameters }: Challenge,
    actions: Actions,
    deadline: Deadline,
  ): Promise<string> {
    const name = repositoryName(image);
    const realm = this.#realm(image.registry, parameters.realm);
    const insecure = this.#isInsecure(realm);
    const credential = await this.#find(image);
    const scope = `repository:${image.repository}:${actions}`;
    const { service } = parameters;
    const form = new URLSearchParams({ ...(service && { service }), scope });
    const refresh = credential?.identityToken;
    if (refresh) this.sent.add(refresh);
    const authorization = refresh ? undefined : this.#basic(credential);
    const response = refresh
      ? await this.#http.send(realm, deadline, {
          method: 'POST',
          insecure,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `${form}&${new URLSearchParams({ grant_type: 'refresh_token', client_id: 'ess-airgap', refresh_token: refresh })}`,
        })
      : await this.#http.send(withQuery(realm, form), deadline, {
          insecure,
          ...(authorization && { headers: { authorization } }),
        });
    const by = `the token server ${realm.host}`;
    const { statusCode } = response;
    if (statusCode !== 200) {
      await discard(response);
      if (statusCode === 401) throw this.#refuse(name, credential, by);
      if (statusCode === 403) throw denied(name, by, credential);
      if (statusCode === 429) {
        throw new RegistryError(
          'rate-limited',
          `${name}: ${by} rate-limited the request (429); try again later`,
        );
      }
      throw new RegistryError('unexpected', `${name}: ${by} answers ${statusCode} without a token`);
    }
    const token = readToken(await readJson(response, MAX_BYTES.token, `${name}: ${by}`));
    if (token === undefined) throw new RegistryError('unexpected', `${name}: ${by} answers without a token`);
    return token;
  }

  /** Where tokens are. Only a server that is itself named as insecure may be asked over plain HTTP. */
  #realm(registry: string, text = ''): URL {
    const realm = URL.canParse(text) ? new URL(text) : undefined;
    if (realm && (realm.protocol === 'https:' || (realm.protocol === 'http:' && this.#isInsecure(realm)))) {
      return realm;
    }
    const what =
      realm?.protocol === 'http:'
        ? `names the token server http://${realm.host}; expected https, or ${realm.host} in mirror.insecure`
        : 'asks for a token, and names no token server with an https URL';
    throw new RegistryError('unexpected', `${registry} ${what}`);
  }
}

/** The login is good, or there is none, but not for this repository. */
function denied(name: string, by: string, credential: Credential | undefined): RegistryError {
  const what = credential ? `with the credential in ${credential.from}` : 'without a credential';
  return new RegistryError(
    'unauthorized',
    `${name}: ${by} denies access ${what}: no right to it, or no such repository`,
    403,
  );
}

function withQuery(realm: URL, form: URLSearchParams): URL {
  const url = new URL(realm);
  for (const [name, value] of form) url.searchParams.append(name, value);
  return url;
}

function readToken(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { token, access_token } = answer as Record<string, unknown>;
  const found = token || access_token;
  // A token goes into a header: text that cannot stand there is not a token.
  return typeof found === 'string' && /^[\x21-\x7e]+$/.test(found) ? found : undefined;
}
