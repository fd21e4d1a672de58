import { Construct } from 'constructs';
import type { Plan } from '../plan/model.ts';
import { renderOverrides } from '../plan/override-yaml.ts';
import { metadata, type PartProps, planAnnotation } from './metadata.ts';
import { addObject } from './object.ts';
import { validatePlan } from './plan-errors.ts';

/** The namespace is that of the ElementDeployment: the updater finds the ConfigMap nowhere else. */
export interface DigestsConfigMapProps extends PartProps {
  readonly plan: Plan;
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
    const { plan, name = 'ess-images-digests' } = props;
    validatePlan(this, plan);
    addObject(
      this,
      'Default',
      'ConfigMap',
      { ...metadata('images', name, props), annotations: planAnnotation(plan) },
      { apiVersion: 'v1', data: { images_digests: renderOverrides(plan.overrides) } },
    );
  }
}
