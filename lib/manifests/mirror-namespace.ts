import { Construct } from 'constructs';
import type { Plan } from '../plan/model.ts';
import { metadata } from './metadata.ts';
import { addObject } from './object.ts';

export interface MirrorNamespaceProps {
  readonly plan: Plan;
  readonly name: string;
}

/** A namespace for the mirror alone, in which the PodSecurity standard `restricted` is enforced. */
export class MirrorNamespace extends Construct {
  constructor(scope: Construct, id: string, props: MirrorNamespaceProps) {
    super(scope, id);
    const base = metadata(props.plan, 'mirror', props.name);
    const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    addObject(
      this,
      'namespace',
      'Namespace',
      { ...base, labels: { ...base.labels, ...enforce } },
      { apiVersion: 'v1' },
    );
  }
}
