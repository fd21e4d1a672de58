#!/bin/sh
# Writes the dist/ of every example anew: npm run examples. A test compares them with what synth writes.
set -e
cd "$(dirname "$0")/.."
set -a
# shellcheck source=/dev/null
. ./demo.env
set +a
synth() {
  rm -rf "examples/$1/dist"
  ESS_AIRGAP_CONFIG=$2 CDK8S_OUTDIR=examples/$1/dist sh app.sh 2>/dev/null
}
for config in examples/*/airgap.yaml; do
  example=${config#examples/}
  synth "${example%/*}" "$config"
done
synth several-clusters examples/several-clusters/staging.yaml,examples/several-clusters/production.yaml
