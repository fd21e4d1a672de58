import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

/** A key pair such as the Sealed Secrets controller makes, for tests. */
export function sealingKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** What a ciphertext is bound to, as kubeseal has it: by scope, `namespace/name`, the namespace, or nothing. */
export function sealingLabel(scope: string, namespace: string, name: string): string {
  if (scope === 'cluster-wide') return '';
  return scope === 'namespace-wide' ? namespace : `${namespace}/${name}`;
}

/**
 * Seals as `kubeseal --raw`: a session key by RSA-OAEP with SHA-256 and the label, the data by AES-256-GCM with a
 * nonce of zeros (each session key is used once), and in front the length of the encrypted key in two bytes.
 */
export function seal(plain: string, label: string, publicKey: KeyObject): string {
  const sessionKey = randomBytes(32);
  const encryptedKey = publicEncrypt(oaep(publicKey, label), sessionKey);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(encryptedKey.length);
  const cipher = createCipheriv('aes-256-gcm', sessionKey, Buffer.alloc(12));
  const parts = [length, encryptedKey, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(parts).toString('base64');
}

/** Opens as the controller does; throws where the ciphertext was sealed for another label or key. */
export function open(ciphertext: string, label: string, privateKey: KeyObject): string {
  const bytes = Buffer.from(ciphertext, 'base64');
  const end = 2 + bytes.readUInt16BE(0);
  const sessionKey = privateDecrypt(oaep(privateKey, label), bytes.subarray(2, end));
  const decipher = createDecipheriv('aes-256-gcm', sessionKey, Buffer.alloc(12));
  decipher.setAuthTag(bytes.subarray(-16));
  return decipher.update(bytes.subarray(end, -16), undefined, 'utf8') + decipher.final('utf8');
}

function oaep(key: KeyObject, label: string) {
  return {
    key,
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: 'sha256',
    oaepLabel: Buffer.from(label),
  };
}
