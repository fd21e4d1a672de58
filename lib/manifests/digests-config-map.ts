import { Construct } from 'constructs';
import type { Plan } from '../plan/model.ts';
import { renderOverrides } from '../plan/products/classic/override.ts';
import { metadata } from './metadata.ts';
import { addObject } from './object.ts';

export interface DigestsConfigMapProps {
  readonly plan: Plan;
  /** The namespace of the ElementDeployment: nowhere else does the updater find the ConfigMap. */
  readonly namespace: string;
  /**
   * Name, as it is entered in `spec.global.config.imagesDigestsConfigMap` of the ElementDeployment.
   * @default "ess-images-digests"
   */
  readonly name?: string;
}

/** The ConfigMap that tells ESS to run every image of the plan from the local registry. */
export class DigestsConfigMap extends Construct {
  constructor(scope: Construct, id: string, props: DigestsConfigMapProps) {
    super(scope, id);
    const { plan, namespace, name = 'ess-images-digests' } = props;
    addObject(this, 'config-map', 'ConfigMap', metadata(plan, 'images', name, namespace), {
      apiVersion: 'v1',
      data: { images_digests: renderOverrides(plan.overrides) },
    });
  }
}
