#!/bin/sh
# Measures the mirror and writes a page to standard output. Needs what the tests need.
#   sh bench/mirror/run.sh        beside its peers: regsync, crane and ocync, as far as they are in PATH
#                               SCENARIOS='small distant', ROUNDS=1 and TOOLS='mirror.sh|crane' choose some of it
#   sh bench/mirror/run.sh nothing   1,000 images that are there already
#   sh bench/mirror/run.sh link   how often a layer crosses the link
# With skopeo 1.22: bash .ci/registries/with-skopeo sh bench/mirror/run.sh
#   go install github.com/regclient/regclient/cmd/regsync@latest
#   go install github.com/google/go-containerregistry/cmd/crane@latest
set -e
cd "$(dirname "$0")/../.."
name=${1:-run}
node_modules/.bin/esbuild "bench/mirror/$name.ts" --bundle --platform=node --format=esm --packages=external \
  --log-level=warning --outfile="node_modules/.cache/ess-airgap/bench-mirror-$name.mjs"
exec node "node_modules/.cache/ess-airgap/bench-mirror-$name.mjs"
