import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

/**
 * A type of cdk8s-plus as a manifest has it: numbers and texts where the type wants the classes IntOrString and
 * Quantity, and without the one field that only the schema of Kubernetes 1.28 to 1.30 requires: the API server drops
 * an empty `onPodConditions`, so that a manifest that has it differs from the cluster for ever.
 */
export type Plain<T> = T extends k8s.IntOrString | k8s.Quantity
  ? number | string
  : T extends k8s.PodFailurePolicyRule
    ? PlainFields<Omit<T, 'onPodConditions'> & Partial<Pick<T, 'onPodConditions'>>>
    : PlainFields<T>;
type PlainFields<T> = T extends object ? { readonly [K in keyof T]: Plain<T[K]> } : T;

/** The kinds that we emit and their fields, by the API of Kubernetes 1.28. */
interface Kinds {
  ConfigMap: { apiVersion: 'v1' } & Fields<k8s.KubeConfigMapProps>;
  Job: { apiVersion: 'batch/v1' } & Fields<k8s.KubeJobProps>;
  Namespace: { apiVersion: 'v1' } & Fields<k8s.KubeNamespaceProps>;
  NetworkPolicy: { apiVersion: 'networking.k8s.io/v1' } & Fields<k8s.KubeNetworkPolicyProps>;
  Secret: { apiVersion: 'v1' } & Fields<k8s.KubeSecretProps>;
  ServiceAccount: { apiVersion: 'v1' } & Fields<k8s.KubeServiceAccountProps>;
  ValidatingAdmissionPolicy: { apiVersion: 'admissionregistration.k8s.io/v1'; spec: AdmissionPolicySpec };
  ValidatingAdmissionPolicyBinding: {
    apiVersion: 'admissionregistration.k8s.io/v1';
    spec: AdmissionPolicyBindingSpec;
  };
}

/** `admissionregistration.k8s.io/v1` from Kubernetes 1.30 on, as far as we write it; the types of 1.28 lack it. */
interface AdmissionPolicySpec {
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly paramKind: { readonly apiVersion: string; readonly kind: string };
  readonly matchConstraints: { readonly resourceRules: readonly AdmissionRule[] };
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly {
    readonly expression: string;
    readonly messageExpression: string;
    readonly reason: string;
  }[];
}
interface AdmissionRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}
interface AdmissionPolicyBindingSpec {
  readonly policyName: string;
  readonly validationActions: readonly ('Deny' | 'Warn' | 'Audit')[];
  readonly paramRef: {
    readonly name: string;
    readonly namespace: string;
    readonly parameterNotFoundAction: 'Allow' | 'Deny';
  };
  readonly matchResources: {
    readonly namespaceSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  };
}
type Fields<T> = Plain<Omit<T, 'metadata'>>;

/**
 * Adds an object to a chart. The types of cdk8s-plus check its fields; its classes are not used: loading them
 * takes as long as everything else that a synth does, and they write fields of their own (`immutable: false`).
 *
 * @param id `Default` for the object that the construct `scope` stands for: `ApiObject.of(scope)` then finds it
 */
export function addObject<K extends keyof Kinds>(
  scope: Construct,
  id: string,
  kind: K,
  metadata: ApiObjectMetadata,
  fields: Kinds[K],
): ApiObject {
  return new ApiObject(scope, id, { kind, metadata, ...fields });
}
