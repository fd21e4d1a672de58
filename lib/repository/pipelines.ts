// Pipelines of an infra repository: lint, synthesise, and tell the reviewers of a merge request what a release changes.
// No secret is ever an argument of a command, and no text of a merge request becomes a part of a script.

/** What every pipeline runs, in order. */
const CHECK = ['npm ci', 'npx ess-airgap lint', 'npm run synth'];
/** `dist/` is committed: it must be what the input makes. */
const COMPARE = 'git add --intent-to-add dist && git diff --exit-code dist';

/** Exit code 1 of diff means that something has to be decided: the comment says what. */
function diff(base: string): string[] {
  return [
    `git cat-file -e "${base}:images_digests.yml" || { echo 'No release to compare with.'; exit 0; }`,
    `npx ess-airgap diff "git:${base}:images_digests.yml" images_digests.yml --format markdown >diff.md || [ $? -eq 1 ]`,
  ];
}

/** `.gitlab-ci.yml` */
export function gitlabPipeline(): string {
  const script = (lines: readonly string[]): string =>
    lines.map((line) => `    - ${quoted(line)}\n`).join('');
  return `# Pin the image by digest, or take it from your own registry: it needs Node.js 20.17 or newer, git and curl.
image: node:22

workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH

check:
  script:
${script([...CHECK, COMPARE])}
# What a new release changes, as a comment on the merge request. Needs the variable ESS_AIRGAP_COMMENT_TOKEN, masked: a
# project access token with the scope api.
diff:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      changes: [images_digests.yml]
  variables:
    GIT_DEPTH: 0
  script:
${script([
  'npm ci',
  ...diff('$CI_MERGE_REQUEST_DIFF_BASE_SHA'),
  // The token goes to curl by a pipe: printf is a part of the shell.
  `printf 'header = "PRIVATE-TOKEN: %s"\\n' "$ESS_AIRGAP_COMMENT_TOKEN" | curl --config - --fail --silent --show-error --output /dev/null --data-urlencode body@diff.md "$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"`,
])}  artifacts:
    paths: [diff.md]
`;
}

/** `.github/workflows/ess-airgap.yml` */
export function githubWorkflow(): string {
  const setUp = `      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0
        with:
          node-version: 22
`;
  const steps = (lines: readonly string[]): string =>
    lines.map((line) => `      - run: ${quoted(line)}\n`).join('');
  return `name: ess-airgap
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read

jobs:
  check:
    runs-on: ubuntu-latest
    steps:
${setUp}${steps([...CHECK, COMPARE])}
  # What a new release changes, as a comment on the pull request.
  diff:
    # A fork gets no token that may comment.
    if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    permissions:
      contents: read
      pull-requests: write
    env:
      BASE: \${{ github.event.pull_request.base.sha }}
      PULL_REQUEST: \${{ github.event.pull_request.number }}
      GH_REPO: \${{ github.repository }}
    steps:
${setUp}${steps(['npm ci'])}      - run: |
${diff('$BASE')
  .map((line) => `          ${line}\n`)
  .join(
    '',
  )}          gh pr comment "$PULL_REQUEST" --body-file diff.md --edit-last || gh pr comment "$PULL_REQUEST" --body-file diff.md
        env:
          GH_TOKEN: \${{ github.token }}
`;
}

/** A command as a scalar of YAML; in single quotes only a single quote means anything. */
function quoted(command: string): string {
  return /^[a-z][\w ./-]*$/.test(command) ? command : `'${command.replaceAll("'", "''")}'`;
}
