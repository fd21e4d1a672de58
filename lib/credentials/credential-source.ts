import type { MirrorAuth, PullSecretConfig } from '../config/schema.ts';
import type { Environment } from '../input/environment.ts';
import type { Problem } from '../input/problem.ts';
import type { RegistryLogin } from './docker-config.ts';

/** What airgap.yaml says about one credential. */
export type CredentialConfig = PullSecretConfig | MirrorAuth;

/** Where a credential comes from: the key `source`. */
export type SourceName = CredentialConfig['source'];

/** One credential of a configuration, with what follows from where it is written. */
export interface Credential<S extends SourceName = SourceName> {
  readonly config: Extract<CredentialConfig, { readonly source: S }>;
  /** The nodes pull with it (`pullSecret`), or the Job reads and pushes with it (`mirror.auth`). */
  readonly usedBy: 'nodes' | 'mirror';
  /** host[:port]; for the mirror also host/path. */
  readonly server: string;
  /** The namespace of the Secret. */
  readonly namespace: string;
  /** Its path in the configuration. */
  readonly path: readonly PropertyKey[];
}

/**
 * One source of credentials: everything that ess-airgap knows about it, beside its variant in the schema
 * (`lib/config/credential.ts`). Registered in `sources.ts`.
 *
 * Methods with several credentials get credentials of this source with one and the same Secret.
 */
export type CredentialSource<S extends SourceName = SourceName> = {
  /** Returns the name of the Secret, of type `kubernetes.io/dockerconfigjson`, that holds the credential. */
  secretName(credential: Credential<S>): string;
  /** Returns what makes two credentials the same one, if that can be known without their values. */
  identity(credential: Credential<S>): Identity | undefined;
} & (ExistingSecret | PlainSecret<S> | SecretFromObject<S>);

/** Somebody else makes the Secret. */
interface ExistingSecret {
  readonly secret: 'existing';
}

/** Synth knows the values and writes a plain Secret, to a file that git ignores. */
interface PlainSecret<S extends SourceName> {
  readonly secret: 'plain';
  /** Returns whether two credentials can be in one Secret. */
  isOneSecret(a: Credential<S>, b: Credential<S>): boolean;
  /** Returns whether this machine has the values; a command on a workstation can do without, a synth cannot. */
  isGiven(credential: Credential<S>, context: ReadContext): boolean;
  /** Reads the values. What is wrong goes to `context.report`; then the result is not used. */
  read(credential: Credential<S>, context: ReadContext): KnownLogin;
  /** Returns how to give this machine the values, as the beginning of a sentence. */
  howToGive(credential: Credential<S>): string;
  /** Returns the environment variables that hold the values: no other program needs them. */
  variables(credential: Credential<S>): readonly string[];
  /** Returns the files that hold the values, relative to the folder of airgap.yaml: git must not have them. */
  files(credential: Credential<S>): readonly string[];
}

/** Synth writes an object that makes the Secret and is safe in git. */
interface SecretFromObject<S extends SourceName> {
  readonly secret: 'object';
  /** Returns whether two credentials can be in one Secret. */
  isOneSecret(a: Credential<S>, b: Credential<S>): boolean;
  /** Returns the one object that makes the Secret of all these credentials. */
  object(credentials: readonly [Credential<S>, ...Credential<S>[]], props: SecretObjectProps): SecretObject;
}

/** Two credentials with one identity are the same credential. */
export interface Identity {
  readonly id: string;
  /** What they share, for a message. */
  readonly shared: string;
}

/** What reading a credential may look at. */
export interface ReadContext {
  readonly environment: Environment;
  /**
   * Returns the text of a file, undefined if there is none.
   *
   * @param path relative to the folder of airgap.yaml
   * @throws InputError for a file that cannot be read as text
   */
  readonly readFile: (path: string) => string | undefined;
  /**
   * Takes a problem, which must never hold a value of the credential.
   *
   * @param key the key of the credential that the problem is about
   */
  readonly report: (key: string, problem: CredentialProblem) => void;
}

/** The values of a credential. */
export interface KnownLogin extends RegistryLogin {
  /** Where the password comes from, as a noun phrase: `the value of REGISTRY_PASSWORD`. */
  readonly from: string;
  /** What holds the login, for messages: `the environment variables USER and PASSWORD`, or a path. */
  readonly holder: string;
}

/** What can be wrong with the values; `lib/plan/finding.ts` has each as an error. */
export type CredentialFault =
  | 'credential-unset'
  | 'credential-empty'
  | 'credential-control-character'
  | 'credential-colon'
  | 'credential-demo'
  | 'credential-file'
  | 'credential-file-in-git'
  | 'credential-shared';

/** What may be wrong; `lib/plan/finding.ts` has each as a warning. */
export type CredentialDoubt = 'credential-file-readable';

export interface CredentialProblem extends Problem {
  readonly code: CredentialFault;
}

export interface SecretObjectProps {
  /** Name of the object and of the Secret that it makes. */
  readonly name: string;
  /** @default - that of the chart */
  readonly namespace?: string;
  /** Labels of the Secret. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A Kubernetes object without the metadata that every object has. */
export interface SecretObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: object;
}
