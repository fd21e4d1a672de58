#!/bin/sh
# Measures the mirror beside its peers and writes bench/mirror/results.md. Needs what the tests need, and regsync and
# crane in PATH (or what is there of them):
#   go install github.com/regclient/regclient/cmd/regsync@latest
#   go install github.com/google/go-containerregistry/cmd/crane@latest
set -e
cd "$(dirname "$0")/../.."
node_modules/.bin/esbuild bench/mirror/run.ts --bundle --platform=node --format=esm --packages=external \
  --log-level=warning --outfile=node_modules/.cache/ess-airgap/bench-mirror.mjs
exec node node_modules/.cache/ess-airgap/bench-mirror.mjs "$@"
