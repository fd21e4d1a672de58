import { devDependencies, version } from '../../package.json';

// The files of an infra repository, except for airgap.yaml and the pipelines.

/** The extract that Element's knowledge base shows, for a repository whose owner has no release file at hand. */
export const SAMPLE_DIGESTS = `# A sample: replace it with the images_digests.yml of your release.
images_digests:
  adminbot:
    access_element_web:
      image_digest: sha256:1e7e1503ff73ae01af72dd27d9be387667dbbbcc53870ca02b3b02a1890696a9
      image_repository_path: ems-image-store/enterprise/access-token-elementweb
      image_repository_server: gitlab-registry.matrix.org
      image_tag: v1.11.45
    haproxy:
      image_digest: sha256:75fc37d6372cc22410bdd6ad0191a8dfeababef2a7d8d585694f21b73c2bb3d6
      image_repository_path: library/haproxy
      image_repository_server: docker.io
      image_tag: 2.8-alpine
`;

/** The line by which editors know the keys of airgap.yaml. */
export const SCHEMA_LINE =
  '# yaml-language-server: $schema=./node_modules/ess-airgap/schema/airgap.schema.json\n';

/**
 * `package.json`
 *
 * @param tool what npm is to install as ess-airgap: a version, or `file:` and a path
 */
export function packageJson(name: string, tool: string = version): string {
  const { cdk8s, 'cdk8s-cli': cli, constructs, esbuild } = devDependencies;
  const content = {
    name:
      name
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, '-')
        .replace(/^-+|-+$/g, '') || 'ess-infra',
    private: true,
    scripts: {
      lint: 'ess-airgap lint',
      synth:
        'esbuild main.ts --bundle --platform=node --packages=external --log-level=warning --outfile=.synth/main.cjs && node .synth/main.cjs',
    },
    devDependencies: { cdk8s, 'cdk8s-cli': cli, constructs, esbuild, 'ess-airgap': tool },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

export const CDK8S_YAML = `language: typescript
# For npx cdk8s synth, which deletes dist/ first. npm run synth writes the same files, all or none of them.
app: npm run --silent synth
`;

export const MAIN_TS = `import { App } from 'cdk8s';
import { addDeployments, synthesize } from 'ess-airgap';

const app = new App();
addDeployments(app);
synthesize(app, { check: process.argv.includes('--check') });
`;

export const GITIGNORE = `node_modules/
/.synth/
# Plain Secrets never enter git: synth writes them to files of this name alone.
*ess-secrets.k8s.yaml
.env
`;

export const ENV_EXAMPLE = `# Credentials for airgap.yaml that have source: env. Copy this file to .env, which git ignores, and fill it in. Then:
#   set -a && . ./.env && set +a
ESS_AIRGAP_PULL_USERNAME=
ESS_AIRGAP_PULL_PASSWORD=
ESS_AIRGAP_PUSH_USERNAME=
ESS_AIRGAP_PUSH_PASSWORD=
EMS_IMAGE_STORE_USERNAME=
EMS_IMAGE_STORE_TOKEN=
`;
