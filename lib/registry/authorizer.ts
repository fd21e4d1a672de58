import type { Credential, Credentials } from '../credentials/machine.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { RegistryError } from './error.ts';
import type { Http } from './http.ts';

type Repository = Pick<ImageReference, 'registry' | 'repository'>;

/**
 * Logs in where a registry asks for it: with name and password (basic), or with a token that its token server gives
 * for one repository (OCI distribution specification; https://distribution.github.io/distribution/spec/auth/token/).
 */
export class Authorizer {
  readonly #http: Http;
  readonly #credentials: Credentials;
  readonly #challenges = new Map<string, Challenge>();
  readonly #tokens = new Map<string, Promise<string>>();
  readonly #refused = new Set<Credential>();

  constructor(http: Http, credentials: Credentials) {
    this.#http = http;
    this.#credentials = credentials;
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
    // A token may have come to its end; a password that was refused stays wrong.
    this.#tokens.delete(repositoryName(image));
    return sent === undefined || wanted.scheme === 'bearer';
  }

  /** The header that this image's registry asks for; undefined where it asks for none. */
  async authorization(image: Repository, base: URL, insecure: boolean): Promise<string | undefined> {
    const challenge = this.#challenges.get(image.registry);
    if (!challenge) return undefined;
    if (challenge.scheme === 'basic') {
      const credential = await this.#find(image);
      return credential?.username === undefined ? undefined : basic(credential.username, credential.password);
    }
    const key = repositoryName(image);
    const known = this.#tokens.get(key) ?? this.#token(image, challenge, base, insecure);
    this.#tokens.set(key, known);
    return `Bearer ${await known}`;
  }

  /** What to say when the registry does not take what it was given. */
  async refusal(image: Repository): Promise<RegistryError> {
    const credential = await this.#credentials.find(image);
    const name = repositoryName(image);
    if (this.#challenges.get(image.registry)?.scheme !== 'bearer') return this.#refuse(name, credential);
    // The token server took the login: it is this repository that it is not good for. Docker Hub says the same of one
    // that does not exist.
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
    const hint = credential ? '' : '; log in with skopeo login or docker login';
    return new RegistryError('unauthorized', `${name}: ${by} refuses ${what}${hint}`);
  }

  async #token(image: Repository, { parameters }: Challenge, base: URL, insecure: boolean): Promise<string> {
    const name = repositoryName(image);
    const realm = URL.canParse(parameters.realm ?? '') ? new URL(parameters.realm ?? '') : undefined;
    if (
      !realm ||
      (realm.protocol !== 'https:' && (realm.protocol !== 'http:' || base.protocol !== 'http:'))
    ) {
      throw new RegistryError(
        'unexpected',
        `${image.registry} names no token server that is spoken to over https`,
      );
    }
    const credential = await this.#find(image);
    const scope = `repository:${image.repository}:pull`;
    const { service } = parameters;
    const form = new URLSearchParams({ ...(service && { service }), scope });
    const response = credential?.identityToken
      ? await this.#http.send(realm, {
          method: 'POST',
          insecure,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `${form}&${new URLSearchParams({ grant_type: 'refresh_token', client_id: 'ess-airgap', refresh_token: credential.identityToken })}`,
        })
      : await this.#http.send(withQuery(realm, form), {
          insecure,
          ...(credential?.username !== undefined && {
            headers: { authorization: basic(credential.username, credential.password) },
          }),
        });
    const by = `the token server ${realm.host}`;
    if (response.statusCode === 401 || response.statusCode === 403) {
      await response.body.dump();
      throw response.statusCode === 401 ? this.#refuse(name, credential, by) : denied(name, by, credential);
    }
    const token = response.statusCode === 200 ? readToken(await response.body.text()) : undefined;
    if (token === undefined) {
      await response.body.dump();
      throw new RegistryError('unexpected', `${name}: ${by} answers ${response.statusCode} without a token`);
    }
    return token;
  }
}

/** The login is good, or there is none, but not for this repository. */
function denied(name: string, by: string, credential: Credential | undefined): RegistryError {
  const what = credential ? `with the credential in ${credential.from}` : 'without a credential';
  return new RegistryError(
    'unauthorized',
    `${name}: ${by} denies access ${what}: no right to pull, or no such repository`,
  );
}

function basic(username: string, password = ''): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function withQuery(realm: URL, form: URLSearchParams): URL {
  const url = new URL(realm);
  for (const [name, value] of form) url.searchParams.append(name, value);
  return url;
}

function readToken(text: string): string | undefined {
  try {
    const { token, access_token } = JSON.parse(text) as Record<string, unknown>;
    const found = token || access_token;
    // A token goes into a header: what cannot stand there is none.
    return typeof found === 'string' && /^[\x21-\x7e]+$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
