import type { Config } from '../../../config/schema.ts';
import { containerName } from '../../../digests/container-image.ts';
import { nearest } from '../../../input/nearest.ts';
import { InputError, type Problem } from '../../../input/problem.ts';
import { quote } from '../../../input/quote.ts';
import type { Override, Plan } from '../../model.ts';

/**
 * The images of the operator and the updater, by the Helm value that names them. Both charts, `element-operator` and
 * `element-updater`, run them outside of what the ConfigMap reaches.
 */
export const HELM_IMAGES = [
  'operator.manager',
  'operator.rbacProxy',
  'updater.manager',
  'updater.rbacProxy',
  'crds.conversionWebhook',
] as const;
export type HelmImage = (typeof HELM_IMAGES)[number];

/** What has to be entered where, so that everything runs from the local registry. */
export interface Wiring {
  readonly namespace: string;
  /** For `spec.global.config.imagesDigestsConfigMap` of the ElementDeployment. */
  readonly configMap: string;
  /** For `spec.global.k8s.workloads.dockerSecrets`; left out where pulling needs no password. */
  readonly dockerSecret?: { readonly name: string; readonly url: string };
  /** What the Helm values name, as far as the user said which containers they are. */
  readonly helm: readonly { readonly value: HelmImage; readonly image: Override }[];
  /** Containers that are only copied and that no Helm value above names: their images have to be configured elsewhere. */
  readonly copyOnly: readonly Override[];
  /** Components, or component/container, that are neither copied nor named by the ConfigMap. */
  readonly excluded: readonly string[];
}

/**
 * The wiring of a plan.
 *
 * @param helm `value=component/container`: which container of the digests file is the image of which Helm value.
 *   The release does not say it, so nothing is assumed
 * @throws InputError for a value or container that there is not, or that nothing copies
 */
export function wiringOf(plan: Plan, config: Config, helm: readonly string[]): Wiring {
  const problems: Problem[] = [];
  const images = helm.flatMap((pair) => helmImage(pair, plan, problems) ?? []);
  const twice = images.find(({ value }, index) => images.findIndex((other) => other.value === value) < index);
  if (twice) problems.push({ message: `--helm names ${twice.value} twice; expected each value once` });
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

/** A component by its name if all its containers are excluded. */
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
      message: `--helm ${quote(pair)} names no image of the Helm charts; expected ${HELM_IMAGES.join(', ')}, an equals sign and component/container`,
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
      ? `--helm ${quote(pair)}: exclude leaves out ${name}, so nothing copies its image`
      : `--helm ${quote(pair)}: the digests file has no such container`,
    ...(excluded && {
      hint: 'Remove it from exclude and add it to copyOnly: then its image is copied, and the ConfigMap still leaves it alone.',
    }),
    ...(!excluded && meant && { hint: `Did you mean ${meant}?` }),
  });
  return undefined;
}
