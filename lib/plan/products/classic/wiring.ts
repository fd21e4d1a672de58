import type { Config } from '../../../config/schema.ts';
import { containerName } from '../../../digests/container-image.ts';
import { nearest } from '../../../input/nearest.ts';
import { InputError, type Problem } from '../../../input/problem.ts';
import { quote } from '../../../input/quote.ts';
import type { Override, Plan } from '../../model.ts';

/**
 * The images of the operator and the updater, by Helm value. The ConfigMap does not override the images of these
 * charts, `element-operator` and `element-updater`.
 */
export const HELM_IMAGES = [
  'operator.manager',
  'operator.rbacProxy',
  'updater.manager',
  'updater.rbacProxy',
  'crds.conversionWebhook',
] as const;
export type HelmImage = (typeof HELM_IMAGES)[number];

/** The settings that make everything run from the local registry. */
export interface Wiring {
  readonly namespace: string;
  /** For `spec.global.config.imagesDigestsConfigMap` of the ElementDeployment. */
  readonly configMap: string;
  /** For `spec.global.k8s.workloads.dockerSecrets`; left out if pulling needs no password. */
  readonly dockerSecret?: { readonly name: string; readonly url: string };
  /** The images of Helm values whose containers the user named. */
  readonly helm: readonly { readonly value: HelmImage; readonly image: Override }[];
  /**
   * Containers that are only copied and that no Helm value above names: their images must be configured elsewhere.
   */
  readonly copyOnly: readonly Override[];
  /** Components, or component/container, that are not copied and not in the ConfigMap. */
  readonly excluded: readonly string[];
}

/**
 * Returns the wiring of a plan.
 *
 * @param helm `value=component/container`: the container of the digests file for a Helm value. The release does not
 *   define it, so nothing is assumed
 * @throws InputError for a value or container that does not exist or is not copied
 */
export function wiringOf(plan: Plan, config: Config, helm: readonly string[]): Wiring {
  const problems: Problem[] = [];
  const images = helm.flatMap((pair) => helmImage(pair, plan, problems) ?? []);
  const twice = images.find(({ value }, index) => images.findIndex((other) => other.value === value) < index);
  if (twice) problems.push({ message: `--helm has ${twice.value} twice; expected each value once` });
  if (problems.length > 0) throw new InputError(problems);
  const { configMap, namespace, pullSecret, registry } = config;
  return {
    namespace,
    configMap: configMap.name,
    ...(pullSecret && { dockerSecret: { name: pullSecret.name, url: registry.server } }),
    helm: images.sort((a, b) => HELM_IMAGES.indexOf(a.value) - HELM_IMAGES.indexOf(b.value)),
    copyOnly: plan.copyOnly.filter((container) => !images.some(({ image }) => image === container)),
    excluded: excludedNames(plan),
  };
}

/** A component is listed by its name if all its containers are excluded. */
function excludedNames(plan: Plan): string[] {
  const kept = new Set([...plan.overrides, ...plan.copyOnly].map(({ component }) => component));
  return [
    ...new Set(
      plan.excluded.map((image) => (kept.has(image.component) ? containerName(image) : image.component)),
    ),
  ];
}

function helmImage(pair: string, plan: Plan, problems: Problem[]): Wiring['helm'][number] | undefined {
  const equals = pair.indexOf('=');
  const wanted = pair.slice(0, Math.max(equals, 0));
  const name = pair.slice(equals + 1);
  const value = HELM_IMAGES.find((known) => known === wanted);
  if (!value) {
    const meant = nearest(wanted || pair, HELM_IMAGES);
    problems.push({
      message: `--helm ${quote(pair)} is not an image of the Helm charts; expected one of ${HELM_IMAGES.join(', ')}, followed by =component/container`,
      ...(meant && { hint: `Did you mean ${meant}=component/container?` }),
    });
    return undefined;
  }
  const copied = [...plan.overrides, ...plan.copyOnly];
  const image = copied.find((override) => containerName(override) === name);
  if (image) return { value, image };
  const excluded = plan.excluded.some((container) => containerName(container) === name);
  const meant = nearest(name, copied.map(containerName));
  problems.push({
    message: excluded
      ? `--helm ${quote(pair)}: exclude matches ${name}, so its image is not copied`
      : `--helm ${quote(pair)}: the digests file has no such container`,
    ...(excluded && {
      hint: 'Move it from exclude to copyOnly: then its image is copied, but not overridden by the ConfigMap.',
    }),
    ...(!excluded && meant && { hint: `Did you mean ${meant}?` }),
  });
  return undefined;
}
