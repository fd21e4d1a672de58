import * as z from 'zod/mini';
import { key, notEmpty, objectName, text } from './schema-parts.ts';

/**
 * The sources of a credential, told apart by `source`.
 *
 * @param common keys of every source
 * @param environment keys of `env` alone: the names of the variables
 * @param named keys of every source but `env`: the name of the Secret, unless it is in `common`
 */
export function credential<
  Common extends z.core.$ZodLooseShape,
  Variables extends z.core.$ZodLooseShape,
  Named extends z.core.$ZodLooseShape,
>(common: Common, environment: Variables, named: Named) {
  return z.discriminatedUnion('source', [
    z.strictObject({
      ...common,
      source: key('The user name and password are read from the environment at synth.', z.literal('env')),
      ...environment,
    }),
    z.strictObject({
      ...common,
      ...named,
      source: key(
        'The Secret is there already (type kubernetes.io/dockerconfigjson) and only named.',
        z.literal('existing'),
      ),
    }),
    z.strictObject({
      ...common,
      ...named,
      source: key(
        'The External Secrets Operator makes the Secret of a user name and password in a secret store.',
        z.literal('externalSecret'),
      ),
      ...external,
    }),
    z.strictObject({
      ...common,
      ...named,
      source: key('The Sealed Secrets controller makes the Secret of ciphertext.', z.literal('sealedSecret')),
      ...sealed,
    }),
    z.strictObject({
      ...common,
      ...named,
      source: key(
        'The user name and password are read at synth from a docker config on this machine.',
        z.literal('file'),
      ),
      path: key(
        'The file, such as config.json, relative to this file. Only the login for the server of the credential is taken from it. Keep it out of git.',
        text(filePath),
      ),
    }),
  ]);
}

const filePath = (value: string): string | undefined => {
  if (value === '') return 'it is empty';
  if (value.startsWith('~')) return 'expected a path relative to this file; ~ is not expanded';
  return value.includes('\0') ? 'it holds a NUL character' : undefined;
};

const duration = (value: string): string | undefined =>
  /^(0|([0-9]+(\.[0-9]+)?(ms|s|m|h))+)$/.test(value)
    ? undefined
    : 'expected a duration such as 1h, 90s or 1h30m; 0 fetches it once';

/** Made anew for each key: a description belongs to one schema object. */
const remote = () =>
  z.strictObject({
    key: key('Key of the secret in the store, as the provider writes it.', text(notEmpty)),
    property: key(
      'Property within that secret, where it holds several. Default: none, the whole secret.',
      z.optional(text(notEmpty)),
    ),
  });

const external = {
  store: key(
    'The store that the operator reads from.',
    z.strictObject({
      name: key('Name of the store.', text(objectName)),
      kind: key(
        'SecretStore: in the namespace of the Secret. ClusterSecretStore: of the cluster. Default: SecretStore.',
        z._default(z.enum(['SecretStore', 'ClusterSecretStore']), 'SecretStore'),
      ),
    }),
  ),
  username: key('Where the store has the user name.', remote()),
  password: key('Where the store has the password or token.', remote()),
  refreshInterval: key(
    'How often the operator reads the store anew; 0: once. Default: 1h.',
    z._default(text(duration), '1h'),
  ),
};

const sealed = {
  scope: key(
    'What the ciphertext is bound to, as it was sealed. strict: namespace and name. namespace-wide: the namespace. cluster-wide: nothing. Default: strict.',
    z._default(z.enum(['strict', 'namespace-wide', 'cluster-wide']), 'strict'),
  ),
  encryptedData: key(
    'Ciphertext of the whole docker config (the value of .dockerconfigjson), as kubeseal --raw prints it.',
    text(invalidCiphertextReason),
  ),
};

/**
 * What `kubeseal --raw` prints is base64 of: the length of the encrypted session key in two bytes, that key (RSA,
 * at least 2048 bits), and the data by AES-GCM with its tag of 16 bytes. Anything else may be the secret itself.
 */
function invalidCiphertextReason(value: string): string | undefined {
  const expected = 'expected the ciphertext that kubeseal --raw prints, never the secret itself';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value) || value.length % 4 !== 0) return expected;
  const bytes = Buffer.from(value, 'base64');
  const keyBytes = bytes.length > 2 ? bytes.readUInt16BE(0) : 0;
  const plausible = keyBytes >= 256 && keyBytes <= 1024 && bytes.length > 2 + keyBytes + 16;
  return plausible ? undefined : expected;
}
