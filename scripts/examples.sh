#!/bin/sh
# Writes the dist/ of every example anew: npm run examples. A test compares them with what synth writes.
set -e
cd "$(dirname "$0")/.."
set -a
# shellcheck source=/dev/null
. ./demo.env
set +a
for config in examples/*/airgap.yaml; do
  folder=${config%/*}/dist
  rm -rf "$folder"
  ESS_AIRGAP_CONFIG=$config CDK8S_OUTDIR=$folder sh app.sh 2>/dev/null
done
