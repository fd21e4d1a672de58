#!/bin/sh
# Runs our registry client against registries that misbehave; see registries.ts.
set -e
cd "$(dirname "$0")/../.."
node_modules/.bin/esbuild bench/robustness/registries.ts --bundle --platform=node --format=esm --packages=external \
  --log-level=warning --outfile=node_modules/.cache/ess-airgap/bench-registries.mjs
exec node node_modules/.cache/ess-airgap/bench-registries.mjs "$@"
