import { Construct } from 'constructs';
import { metadata, type PartProps } from './metadata.ts';
import { addObject } from './object.ts';

export interface MirrorNamespaceProps extends Pick<PartProps, 'instance'> {
  readonly name: string;
}

/** A namespace for the mirror alone, in which the Pod Security Standard `restricted` is enforced. */
export class MirrorNamespace extends Construct {
  constructor(scope: Construct, id: string, props: MirrorNamespaceProps) {
    super(scope, id);
    const base = metadata('mirror', props.name, { instance: props.instance });
    const security = Object.fromEntries(
      ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
    );
    addObject(
      this,
      'Default',
      'Namespace',
      { ...base, labels: { ...base.labels, ...security } },
      { apiVersion: 'v1' },
    );
  }
}
