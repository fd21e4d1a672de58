import * as z from 'zod/mini';
import { key, notEmpty, objectName, text } from './schema-parts.ts';

/**
 * The schema of a credential: a union of its sources, discriminated by `source`.
 *
 * @param common keys of every source
 * @param environment keys of `env` only: the names of the variables
 * @param named keys of every source except `env`: the name of the Secret, unless it is in `common`
 */
export function credential<
  Common extends z.core.$ZodLooseShape,
  Variables extends z.core.$ZodLooseShape,
  Named extends z.core.$ZodLooseShape,
>(common: Common, environment: Variables, named: Named) {
  return z.discriminatedUnion('source', [
    z.strictObject({
      ...common,
      source: key('synth reads the user name and password from environment variables.', z.literal('env')),
      ...environment,
    }),
    z.strictObject({
      ...common,
      ...named,
      source: key(
        'You create the Secret (type kubernetes.io/dockerconfigjson); the manifests only refer to it.',
        z.literal('existing'),
      ),
    }),
    z.strictObject({
      ...common,
      ...named,
      source: key(
        'The External Secrets Operator creates the Secret from a user name and password in a secret store.',
        z.literal('externalSecret'),
      ),
      ...external,
    }),
    z.strictObject({
      ...common,
      ...named,
      source: key(
        'The Sealed Secrets controller creates the Secret from ciphertext.',
        z.literal('sealedSecret'),
      ),
      ...sealed,
    }),
    z.strictObject({
      ...common,
      ...named,
      source: key(
        'synth reads the user name and password from a docker config on this machine.',
        z.literal('file'),
      ),
      path: key(
        'Path of the docker config, such as config.json, relative to this file. Only the login for the server of the credential is used. Keep the file out of git.',
        text(filePath),
      ),
    }),
  ]);
}

const filePath = (value: string): string | undefined => {
  if (value === '') return 'it is empty';
  if (value.startsWith('~')) return 'expected a path relative to this file; ~ is not expanded';
  return value.includes('\0') ? 'it contains a NUL character' : undefined;
};

const duration = (value: string): string | undefined =>
  /^(0|([0-9]+(\.[0-9]+)?(ms|s|m|h))+)$/.test(value)
    ? undefined
    : 'expected a duration such as 1h, 90s or 1h30m, or 0 to fetch the secret once';

/** A function, because each key needs a schema object of its own for its description. */
const remote = () =>
  z.strictObject({
    key: key('Key of the secret in the store, as the provider writes it.', text(notEmpty)),
    property: key(
      'Property of that secret, if it has several. Default: none, the whole secret.',
      z.optional(text(notEmpty)),
    ),
  });

const external = {
  store: key(
    'Secret store that the operator reads.',
    z.strictObject({
      name: key('Name of the store.', text(objectName)),
      kind: key(
        'SecretStore: a store in the namespace of the Secret. ClusterSecretStore: a store for the whole cluster. Default: SecretStore.',
        z._default(z.enum(['SecretStore', 'ClusterSecretStore']), 'SecretStore'),
      ),
    }),
  ),
  username: key('Location of the user name in the store.', remote()),
  password: key('Location of the password or token in the store.', remote()),
  refreshInterval: key(
    'Interval at which the operator reads the store again; 0 means once. Default: 1h.',
    z._default(text(duration), '1h'),
  ),
};

const sealed = {
  scope: key(
    'Scope that the secret was sealed with. strict: bound to its namespace and name. namespace-wide: bound to its namespace. cluster-wide: not bound. Default: strict.',
    z._default(z.enum(['strict', 'namespace-wide', 'cluster-wide']), 'strict'),
  ),
  encryptedData: key(
    'Ciphertext of the whole docker config (the value of .dockerconfigjson), as kubeseal --raw prints it.',
    text(invalidCiphertextReason),
  ),
};

/**
 * `kubeseal --raw` prints base64 of: the length of the encrypted session key in two bytes, that key (RSA, at least
 * 2048 bits), and the data encrypted with AES-GCM, including its tag of 16 bytes. Anything else may be the secret
 * itself.
 */
function invalidCiphertextReason(value: string): string | undefined {
  const expected = 'expected the ciphertext that kubeseal --raw prints, never the secret itself';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value) || value.length % 4 !== 0) return expected;
  const bytes = Buffer.from(value, 'base64');
  const keyBytes = bytes.length > 2 ? bytes.readUInt16BE(0) : 0;
  const plausible = keyBytes >= 256 && keyBytes <= 1024 && bytes.length > 2 + keyBytes + 16;
  return plausible ? undefined : expected;
}
