// The public API. Everything else may change without notice.

export { configPaths } from './config/config-paths.ts';
export {
  type ConfigDocument,
  type ConfigPlace,
  defineConfig,
  parseConfig,
  readConfig,
} from './config/load.ts';
export type { Config, ConfigInput } from './config/schema.ts';
export type { RegistryLogin } from './credentials/docker-config.ts';
export type { RemoteLogin } from './credentials/external-secret.ts';
export type { KnownSecret } from './credentials/leak-check.ts';
export type { ContainerImage } from './digests/container-image.ts';
export { parseDigests, readDigests } from './digests/read.ts';
export { EssAirgap, type EssAirgapProps } from './ess-airgap.ts';
export { formatReference, type ImageReference, parseReference } from './image/reference.ts';
export type { Environment } from './input/environment.ts';
export { collectProblems, InputError, type Place, type Problem } from './input/problem.ts';
export { ImageAdmissionPolicy, type ImageAdmissionPolicyProps } from './manifests/admission-policy.ts';
export { DigestsConfigMap, type DigestsConfigMapProps } from './manifests/digests-config-map.ts';
export {
  ExternalRegistrySecret,
  type ExternalRegistrySecretProps,
} from './manifests/external-registry-secret.ts';
export { annotateForGitops } from './manifests/gitops.ts';
export type { MirrorCaBundle, MirrorClientCertificate, MirrorProxy } from './manifests/mirror-access.ts';
export { MirrorJob } from './manifests/mirror-job.ts';
export type { MirrorCredential, MirrorJobProps, MirrorToleration } from './manifests/mirror-job-props.ts';
export { MirrorNamespace, type MirrorNamespaceProps } from './manifests/mirror-namespace.ts';
export {
  MirrorNetworkPolicy,
  type MirrorNetworkPolicyProps,
} from './manifests/mirror-network-policy.ts';
export { RegistrySecret, type RegistrySecretProps } from './manifests/registry-secret.ts';
export { SealedRegistrySecret, type SealedRegistrySecretProps } from './manifests/sealed-registry-secret.ts';
export { findLeaks } from './manifests/secret-leaks.ts';
export { assertNoErrors, FINDINGS, type Finding, type FindingCode, type Severity } from './plan/finding.ts';
export type { Guard, Override, Plan, Relocation } from './plan/model.ts';
export { makePlan } from './plan/plan.ts';
export { loadProject, loadProjects, type Project } from './project.ts';
export { addDeployments } from './synth/deployments.ts';
export { synthesize } from './synth/run.ts';
export type { SynthesizeOptions } from './synth/synthesize.ts';
export { ManifestValidation, type ValidationContext } from './validation/index.ts';
