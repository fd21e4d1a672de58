#!/bin/sh
# `npm run synth`: `cdk8s synth`, but bad input ends it before cdk8s empties dist/, and what cdk8s reports of its own,
# a page of it with the validation, is shown only where it found something.
set -e
cd "$(dirname "$0")/.."
sh app.sh --check
CDK8S_CHECK_UPGRADE=false node_modules/.bin/cdk8s synth "$@" >.synth/report.txt || {
  status=$?
  cat .synth/report.txt
  exit "$status"
}
