import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

/** The kinds that we emit and their fields, by the API of Kubernetes 1.28. */
interface Kinds {
  ConfigMap: { apiVersion: 'v1' } & Omit<k8s.KubeConfigMapProps, 'metadata'>;
  Job: { apiVersion: 'batch/v1' } & Omit<k8s.KubeJobProps, 'metadata'>;
  Namespace: { apiVersion: 'v1' } & Omit<k8s.KubeNamespaceProps, 'metadata'>;
  NetworkPolicy: { apiVersion: 'networking.k8s.io/v1' } & Omit<k8s.KubeNetworkPolicyProps, 'metadata'>;
  Secret: { apiVersion: 'v1' } & Omit<k8s.KubeSecretProps, 'metadata'>;
  ServiceAccount: { apiVersion: 'v1' } & Omit<k8s.KubeServiceAccountProps, 'metadata'>;
}

/**
 * Adds an object to a chart. The types of cdk8s-plus check its fields; its classes are not used: loading them
 * takes as long as everything else that a synth does, and they write fields of their own (`immutable: false`).
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
