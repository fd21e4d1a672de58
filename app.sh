#!/bin/sh
# The cdk8s app: bundles main.ts and runs it, so that what runs is always what the sources say. esbuild takes some
# 50 ms for it, ts-node would take a second and a half. cdk8s stays outside of the bundle, so that constructs of
# your own share it; js-yaml, because it is one file anyway. The validation plugin that cdk8s.yaml names is bundled
# with it, for the same reason.
set -e
case $0 in */*) cd "${0%/*}" ;; esac
node_modules/.bin/esbuild main=main.ts validation=lib/validation/index.ts --bundle --platform=node --target=node20 \
  --log-level=warning --external:cdk8s --external:constructs --external:cdk8s-plus-28 --external:js-yaml \
  --loader:.sh=text --outdir=.synth --out-extension:.js=.cjs
exec node .synth/main.cjs "$@"
