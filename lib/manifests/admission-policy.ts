import { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import type { Guard, Plan } from '../plan/model.ts';
import { metadata, type PartProps, planAnnotation } from './metadata.ts';
import { addObject } from './object.ts';

export interface ImageAdmissionPolicyProps extends PartProps {
  /** The namespace whose pods are checked; the parameter ConfigMap is in it, too. */
  readonly namespace: string;
  readonly plan: Pick<Plan, 'hash'>;
  readonly guard: Guard;
  /** audit: warn and write to the audit log. enforce: refuse. */
  readonly mode: Exclude<Config['guard']['mode'], 'off'>;
  /**
   * Name of the policy and of its binding, which are cluster-scoped.
   * @default - "ess-airgap-guard-" and the namespace
   */
  readonly name?: string;
}

/** Name of the parameter ConfigMap. */
const PARAMETER = 'ess-airgap-guard';

/**
 * Makes the API server admit only pods whose images are in the plan: a ValidatingAdmissionPolicy, its binding to one
 * namespace, and the ConfigMap with the allowed images, one per line. Needs Kubernetes 1.30 or newer.
 *
 * Regular, init and ephemeral containers are checked. An update of a pod is checked only for images that it changes, so
 * that pods from before the policy can still be labelled, finalized and deleted.
 */
export class ImageAdmissionPolicy extends Construct {
  constructor(scope: Construct, id: string, props: ImageAdmissionPolicyProps) {
    super(scope, id);
    const { namespace, guard, mode, plan, instance, name = `ess-airgap-guard-${namespace}` } = props;
    addObject(
      this,
      'parameter',
      'ConfigMap',
      { ...metadata('guard', PARAMETER, { namespace, instance }), annotations: planAnnotation(plan) },
      {
        apiVersion: 'v1',
        data: {
          images: lines(guard.images),
          'previous-images': lines(guard.previous),
          prefixes: lines(guard.prefixes),
        },
      },
    );
    addObject(this, 'Default', 'ValidatingAdmissionPolicy', metadata('guard', name, { instance }), {
      apiVersion: 'admissionregistration.k8s.io/v1',
      spec: {
        failurePolicy: 'Fail',
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['pods', 'pods/ephemeralcontainers'],
            },
          ],
        },
        variables: [
          { name: 'images', expression: imagesOf('object') },
          { name: 'before', expression: `oldObject == null ? [] : ${imagesOf('oldObject')}` },
          {
            name: 'allowed',
            expression: "(params.data['images'] + '\\n' + params.data['previous-images']).split('\\n')",
          },
          {
            name: 'prefixes',
            expression: "params.data['prefixes'].split('\\n').filter(prefix, prefix != '')",
          },
          {
            name: 'refused',
            expression:
              'variables.images.filter(image, !(image in variables.before) && !(image in variables.allowed) && !variables.prefixes.exists(prefix, image.startsWith(prefix)))',
          },
        ],
        validations: [
          {
            expression: 'variables.refused.size() == 0',
            messageExpression: `'not in the plan of ess-airgap: ' + variables.refused.join(', ') + '. Mirror the image and name it in the override, or add it to guard.allow in airgap.yaml; allowed are the images in the ConfigMap ${namespace}/${PARAMETER}.'`,
            reason: 'Forbidden',
          },
        ],
      },
    });
    addObject(this, 'binding', 'ValidatingAdmissionPolicyBinding', metadata('guard', name, { instance }), {
      apiVersion: 'admissionregistration.k8s.io/v1',
      spec: {
        policyName: name,
        validationActions: mode === 'enforce' ? ['Deny'] : ['Warn', 'Audit'],
        paramRef: { name: PARAMETER, namespace, parameterNotFoundAction: 'Deny' },
        matchResources: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        },
      },
    });
  }
}

/** CEL: the images of all containers of a pod. */
function imagesOf(pod: string): string {
  const optional = (containers: string): string =>
    ` + (has(${pod}.spec.${containers}) ? ${pod}.spec.${containers}.map(container, container.image) : [])`;
  return `${pod}.spec.containers.map(container, container.image)${optional('initContainers')}${optional('ephemeralContainers')}`;
}

function lines(images: readonly string[]): string {
  return images.join('\n');
}
