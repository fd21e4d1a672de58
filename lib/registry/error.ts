/**
 * Why a registry could not be asked. `message` names the server and what it said, never a credential; an image
 * that is simply not there is no error.
 */
export class RegistryError extends Error {
  /** unreachable: no answer. unauthorized: the credential, or its lack, was refused. unexpected: any other answer. */
  readonly kind: 'unreachable' | 'unauthorized' | 'unexpected';

  constructor(kind: RegistryError['kind'], message: string) {
    super(message);
    this.name = 'RegistryError';
    this.kind = kind;
  }
}
