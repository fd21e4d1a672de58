import { ApiObject, App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import type { ConfigPlace } from './config/load.ts';
import type { Config, MirrorConfig } from './config/schema.ts';
import type { Credential } from './credentials/credential-source.ts';
import type { Searched } from './credentials/leak-check.ts';
import { readLogins } from './credentials/logins.ts';
import { credentialsOf, secretNameOf } from './credentials/sources.ts';
import type { Environment } from './input/environment.ts';
import { formatProblem, InputError, type Problem } from './input/problem.ts';
import { ImageAdmissionPolicy } from './manifests/admission-policy.ts';
import { findCollisions } from './manifests/collisions.ts';
import { claimSecretFiles, findCommittedSecrets, SECRETS_CHART } from './manifests/committed-secrets.ts';
import { contentHash } from './manifests/content-hash.ts';
import { DigestsConfigMap } from './manifests/digests-config-map.ts';
import { annotateForGitops } from './manifests/gitops.ts';
import { INSTANCE_LABEL, type PartProps } from './manifests/metadata.ts';
import { MirrorJob } from './manifests/mirror-job.ts';
import { MirrorNamespace } from './manifests/mirror-namespace.ts';
import { MirrorNetworkPolicy } from './manifests/mirror-network-policy.ts';
import { claimPlan } from './manifests/plan-errors.ts';
import { leakFinder } from './manifests/secret-leaks.ts';
import { addPlainSecrets, addSecretObjects } from './manifests/secrets.ts';
import { assertNoErrors, errorsOf } from './plan/finding.ts';
import type { Plan } from './plan/model.ts';
import { productOf } from './plan/products/index.ts';
import { findNameCollision, loadProject, type Project, planConfig } from './project.ts';

export interface EssAirgapProps {
  /**
   * The path of an `airgap.yaml`, or a configuration that `defineConfig` made, whose `digests` is then relative to the
   * working directory.
   */
  readonly config: string | Config;
  /** @default - made of the digests file that the configuration names */
  readonly plan?: Plan;
  /**
   * Where the configuration's values are, for messages about them: `loadProject` knows.
   * @default - known if `config` is a path
   */
  readonly place?: ConfigPlace;
  /**
   * Where credentials with `source: env` come from.
   * @default process.env
   */
  readonly environment?: Environment;
  /**
   * Labels of every object, and of the pods.
   * @default - none beside those of this library
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * One deployment: everything that a configuration asks for, as charts, each of them a file: `ess-images` (the override
 * ConfigMap), `ess-mirror` (the Job and what it needs), `ess-guard` (the admission policy, which is cluster-scoped and
 * often applied by somebody else), `pull-ess-secrets` and `mirror-ess-secrets` (the plain Secrets of the nodes and of the
 * Job, never to be committed). The configuration's `name`, if it has one, is in front of these names. A chart without
 * objects is not made. The charts are
 * children of the app, because cdk8s adds a hash to the file names of others.
 *
 * Validates when the app is synthesised: an app with a broken configuration or release file, a plan with errors, a
 * missing credential, two deployments that make the same object, a plain Secret that git would commit, or a password
 * in any other chart does not synthesise. Constructing never throws for bad input; reading the parts does.
 */
export class EssAirgap extends Construct {
  /** The deployments of an app, in the order in which they were added. */
  static allOf(app: App): EssAirgap[] {
    return app.node.findAll().filter((it) => it instanceof EssAirgap);
  }

  /**
   * Runs what cdk8s would validate an app for again and again, such as rendering chart after chart, when the app has just
   * been validated.
   */
  static whileValid<T>(app: App, run: () => T): T {
    const deployments = EssAirgap.allOf(app);
    for (const deployment of deployments) deployment.#isValid = true;
    try {
      return run();
    } finally {
      for (const deployment of deployments) deployment.#isValid = false;
    }
  }

  readonly #app: App;
  readonly #props: EssAirgapProps;
  /** What was found when the parts were made. */
  readonly #problems: Problem[] = [];
  readonly #parts: Parts | undefined;
  #isValid = false;
  #findLeaks: ReturnType<typeof leakFinder> = () => [];

  constructor(scope: Construct, id: string, props: EssAirgapProps) {
    super(scope, id);
    this.#app = App.of(this);
    this.#props = props;
    this.#parts = this.#attempt(() => this.#make());
    this.node.addValidation({
      validate: () =>
        this.#isValid ? [] : this.problems().map((problem) => formatProblem('error', problem)),
    });
  }

  /** @throws InputError if the configuration cannot be read */
  get config(): Config {
    return this.#made().config;
  }

  /** The path of the configuration, if it was read from a file. */
  get configPath(): string | undefined {
    return this.#parts?.place?.().file;
  }

  /** @throws InputError if the configuration or the digests file cannot be read */
  get plan(): Plan {
    return this.#made().plan;
  }

  /**
   * The charts, each of them a file.
   *
   * @throws InputError if the input is such that there are none
   */
  get charts(): readonly Chart[] {
    return this.#made().charts;
  }

  /** The chart `ess-images`; undefined if it has no objects. */
  get imagesChart(): Chart | undefined {
    return this.#parts?.imagesChart;
  }

  /**
   * The override ConfigMap; undefined for ESS Helm, unless Flux is to read it.
   *
   * @throws InputError if the input is such that there is none
   */
  get digestsConfigMap(): DigestsConfigMap | undefined {
    return this.#made().digestsConfigMap;
  }

  /** The admission policy; undefined if the configuration has no `guard`. `ApiObject.of` gives the policy to patch. */
  get imageAdmissionPolicy(): ImageAdmissionPolicy | undefined {
    return this.#parts?.imageAdmissionPolicy;
  }

  /**
   * The Job; undefined if the configuration has no `mirror`. `ApiObject.of` gives the object to patch.
   *
   * @throws InputError if the input is such that there is none
   */
  get mirrorJob(): MirrorJob | undefined {
    return this.#made().mirrorJob;
  }

  /**
   * ESS Helm: the override as a file of Helm values, which `synthesize` writes beside the manifests. Undefined for a
   * release of the installer, which has only the ConfigMap.
   *
   * @throws InputError if the configuration or the digests file cannot be read
   */
  get valuesFile(): { readonly name: string; readonly text: string } | undefined {
    const { plan, config } = this.#made();
    const product = productOf(plan.release);
    const name = product.fileName(config);
    return name === undefined ? undefined : { name, text: product.renderOverride(plan) };
  }

  /** The charts with plain Secrets, those of the nodes first; empty if there are none. */
  get secretsCharts(): readonly Chart[] {
    return this.#parts?.secrets ?? [];
  }

  /**
   * What stands against synthesising the app, as far as this deployment is concerned: the same as the validation, but
   * with the places of the problems.
   */
  problems(): Problem[] {
    const parts = this.#parts;
    if (!parts) return this.#problems;
    const deployments = EssAirgap.allOf(this.#app);
    const earlier = deployments.slice(0, deployments.indexOf(this)).flatMap((other) => other.#parts ?? []);
    const secrets = new Set(deployments.flatMap(({ secretsCharts }) => secretsCharts));
    return [
      ...this.#problems,
      ...errorsOf([
        ...findCollisions(parts, earlier),
        ...this.#findLeaks(
          this.#app.charts.filter((chart) => !secrets.has(chart)),
          deployments.flatMap((deployment) => deployment.#otherTexts()),
        ),
        ...(deployments[0] === this ? findCommittedSecrets(this.#app) : []),
      ]),
    ];
  }

  /** What is written beside objects. */
  #otherTexts(): Searched[] {
    if (!this.#parts) return [];
    const { valuesFile: values, config } = this;
    return [
      { kind: 'comment', name: 'in front of each file', json: { digests: config.digests } },
      ...(values ? [{ kind: 'file', name: values.name, json: values }] : []),
    ];
  }

  #made(): Parts {
    if (!this.#parts) throw new InputError(this.#problems);
    return this.#parts;
  }

  /** Runs a step; what is wrong with its input is kept for the validation. */
  #attempt<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#problems.push(...error.problems);
      return undefined;
    }
  }

  #make(): Parts {
    const project = load(this.#props);
    const { config, plan, place } = project;
    const others = EssAirgap.allOf(this.#app).flatMap((other) => other.#parts ?? []);
    assertNoErrors(findNameCollision(project, others));
    claimPlan(this, plan);
    claimSecretFiles(this);
    this.#problems.push(...errorsOf(plan.findings));
    const { name, mirror, namespace } = config;
    const charts: Chart[] = [];
    const chart = (id: string): Chart => {
      const made = new Chart(this.#app, name ? `${name}-${id}` : id, {
        disableResourceNameHashes: true,
        labels: { ...this.#props.labels },
      });
      charts.push(made);
      return made;
    };
    const common = partProps(config);

    const product = productOf(plan.release);
    const images = chart('ess-images');
    const digestsConfigMap = product.hasConfigMap(config)
      ? new DigestsConfigMap(images, 'digests', {
          ...common,
          plan,
          namespace,
          name: product.configMapName(plan.release, config),
        })
      : undefined;
    addSecretObjects(images, credentialsUsedBy('nodes', config), common);
    const hasImages = images.node.children.length > 0;
    if (!hasImages) {
      this.#app.node.tryRemoveChild(images.node.id);
      charts.pop();
    }
    const mirrorJob = mirror && addMirror(chart('ess-mirror'), project, mirror, others);
    const { mode } = config.guard;
    const imageAdmissionPolicy =
      plan.guard && mode !== 'off'
        ? new ImageAdmissionPolicy(chart('ess-guard'), 'guard', {
            ...common,
            plan,
            guard: plan.guard,
            namespace,
            mode,
          })
        : undefined;
    for (const made of charts) annotateForGitops(made, config.gitops);

    const logins =
      this.#attempt(() => readLogins(config, this.#props.environment ?? process.env, place)) ?? [];
    this.#findLeaks = leakFinder(logins);
    // The Secret of the Job stays out of the file that goes to the cluster of the deployment: it can push.
    const secrets = (['nodes', 'mirror'] as const).flatMap((user) => {
      const held = logins.filter(({ credential }) => credential.usedBy === user);
      if (held.length === 0) return [];
      const made = chart(`${user === 'nodes' ? 'pull' : 'mirror'}-${SECRETS_CHART}`);
      addPlainSecrets(made, held, common);
      return made;
    });
    return {
      ...project,
      charts,
      imagesChart: hasImages ? images : undefined,
      digestsConfigMap,
      mirrorJob,
      imageAdmissionPolicy,
      secrets,
    };
  }
}

/** Where a deployment comes from. */
type Source = Pick<Project, 'config' | 'plan'> & Partial<Pick<Project, 'place'>>;

/** What a deployment is made of. */
interface Parts extends Source {
  readonly charts: readonly Chart[];
  readonly imagesChart: Chart | undefined;
  readonly digestsConfigMap: DigestsConfigMap | undefined;
  readonly mirrorJob: MirrorJob | undefined;
  readonly imageAdmissionPolicy: ImageAdmissionPolicy | undefined;
  readonly secrets: readonly Chart[];
}

function load({ config, plan, place }: EssAirgapProps): Source {
  if (typeof config === 'string') {
    const project = loadProject(config);
    return { ...project, plan: plan ?? project.plan };
  }
  return { config, place, plan: plan ?? planConfig(config, place).plan };
}

/**
 * The label of a named deployment. Argo CD may track its objects by this label: with it the label stays out of them. The
 * value is longer than the name, lest Argo CD take the objects for those of an application of the same name.
 */
function instanceOf({ name }: Config): string | undefined {
  return name && `ess-airgap-${name}`;
}

function partProps(config: Config): PartProps {
  return { instance: config.gitops === 'argocd' ? undefined : instanceOf(config) };
}

function credentialsUsedBy(user: Credential['usedBy'], config: Config): Credential[] {
  return credentialsOf(config).filter(({ usedBy }) => usedBy === user);
}

/** Longer names of deployments are cut: the names of pods are labels, with 63 characters at most. */
const LONGEST_DEPLOYMENT = 32;

function mirrorName({ name = '' }: Config, { mode }: MirrorConfig): string {
  const short =
    name.length <= LONGEST_DEPLOYMENT
      ? name
      : `${name.slice(0, LONGEST_DEPLOYMENT - 11)}-${contentHash(name)}`;
  return ['ess-mirror', short, mode === 'verify' ? mode : ''].filter(Boolean).join('-');
}

function addMirror(
  chart: Chart,
  { config, plan }: Source,
  mirror: MirrorConfig,
  others: readonly Source[],
): MirrorJob {
  const common = { ...partProps(config), namespace: mirror.namespace };
  const name = mirrorName(config, mirror);
  // An earlier deployment may make the namespace.
  const isThere = others.some(
    (other) => other.config.mirror?.namespace === mirror.namespace && other.config.cluster === config.cluster,
  );
  if (mirror.namespace !== config.namespace && !isThere)
    new MirrorNamespace(chart, 'namespace', { ...common, name: mirror.namespace });
  const credentials = credentialsUsedBy('mirror', config);
  addSecretObjects(chart, credentials, common);
  const instance = instanceOf(config);
  const job = new MirrorJob(chart, 'mirror', {
    ...mirror,
    ...common,
    plan,
    name,
    // Of pods Argo CD does not care.
    podLabels: { ...mirror.podLabels, ...(instance && { [INSTANCE_LABEL]: instance }) },
    clientCertificates: mirror.clientCertificates.map((it) => ({ server: it.server, secretName: it.name })),
    credentials: credentials.map((it) => ({ server: it.server, secretName: secretNameOf(it) })),
  });
  const policy = new MirrorNetworkPolicy(chart, 'network-policy', { ...mirror, ...common, plan, name });
  // Stands before the Job in the file; the plan, which a release changes, stands before both.
  ApiObject.of(job).addDependency(policy);
  return job;
}
