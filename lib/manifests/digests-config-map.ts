import { Construct } from 'constructs';
import type { Plan } from '../plan/model.ts';
import { productOf } from '../plan/products/index.ts';
import { metadata, type PartProps, planAnnotation } from './metadata.ts';
import { addObject } from './object.ts';
import { validatePlan } from './plan-errors.ts';

/**
 * The namespace is that of the ElementDeployment: the updater finds the ConfigMap nowhere else. For ESS Helm it is that
 * of the HelmRelease of Flux.
 */
export interface DigestsConfigMapProps extends PartProps {
  readonly plan: Plan;
  /**
   * Name, as it is entered in `spec.global.config.imagesDigestsConfigMap` of the ElementDeployment, or in
   * `spec.valuesFrom` of the HelmRelease.
   * @default "ess-images-digests"
   */
  readonly name?: string;
}

/**
 * The ConfigMap that makes ESS run every image of the plan from the local registry: the updater reads `images_digests`,
 * Flux reads `values.yaml`.
 */
export class DigestsConfigMap extends Construct {
  constructor(scope: Construct, id: string, props: DigestsConfigMapProps) {
    super(scope, id);
    const { plan, name = 'ess-images-digests' } = props;
    const product = productOf(plan.release);
    validatePlan(this, plan);
    const own = metadata('images', name, props);
    addObject(
      this,
      'Default',
      'ConfigMap',
      {
        ...own,
        labels: { ...own.labels, ...product.configMapLabels },
        annotations: planAnnotation(plan),
      },
      { apiVersion: 'v1', data: { [product.configMapKey]: product.renderOverride(plan) } },
    );
  }
}
