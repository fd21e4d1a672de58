#!/bin/sh
# Runs one of the attacks of this folder against the built binary: sh bench/robustness/run.sh inputs
set -e
cd "$(dirname "$0")/../.."
attack=$1
shift
sh scripts/build.sh
node_modules/.bin/esbuild "bench/robustness/$attack.ts" --bundle --platform=node --format=esm --packages=external --loader:.sh=text \
  --log-level=warning --outfile="node_modules/.cache/ess-airgap/robustness-$attack.mjs"
exec node "node_modules/.cache/ess-airgap/robustness-$attack.mjs" "$@"
