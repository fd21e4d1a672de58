#!/bin/sh
# Bundles the command-line tool into one file, so that it starts fast: `npm ci` (prepare) and `npm run build`.
# cdk8s is not in it: what the tool says comes from the plan alone. Neither is undici, which only the commands load
# that speak to a registry.
set -e
cd "$(dirname "$0")/.."
node_modules/.bin/esbuild lib/cli/main.ts --bundle --platform=node --target=node20 --format=cjs --minify-syntax \
  --minify-whitespace --keep-names --legal-comments=eof --log-level=warning --loader:.sh=text --external:undici \
  --banner:js='#!/usr/bin/env node' --outfile=build/ess-airgap.cjs
chmod +x build/ess-airgap.cjs
