#!/bin/sh
# The cdk8s app: bundles main.ts and runs it, so that what runs is always what the sources say. esbuild takes some
# 50 ms for it, ts-node would take a second and a half. cdk8s stays outside of the bundle, so that constructs of
# your own share it; js-yaml, because it is one file anyway.
set -e
case $0 in */*) cd "${0%/*}" ;; esac
node_modules/.bin/esbuild main.ts --bundle --platform=node --target=node20 --log-level=warning \
  --external:cdk8s --external:constructs --external:js-yaml --loader:.sh=text --outfile=.synth/main.cjs
exec node .synth/main.cjs "$@"
