#!/bin/sh
# Builds what the package ships: `npm ci` (prepare) and `npm run build` bundle, `npm pack` (prepack) adds the types.
#
#   build/ess-airgap.cjs  starts the command-line tool: build/cli/plan.cjs for plan and lint, else build/cli/all.cjs.
#                         Each is one file, so that it starts fast; undici is loaded by the commands that speak to a
#                         registry, and the sigstore libraries by those that check signatures
#   build/cli/cdk8s.cjs   cdk8s in one file, which loads in half the time of its own files; only synth does
#   build/ess-airgap.1    the man page, from what the program prints as its help
#   build/index.cjs       the library; its dependencies stay outside, above all cdk8s, which the user's app shares
#   build/index.mjs       the same for ES modules: one implementation, so that a class is the same class in both
#   build/types/          its types (with --types)
#   build/THIRD-PARTY-NOTICES.txt  the licences of what is in these files (with --types)
set -e
cd "$(dirname "$0")/.."
bundle() {
  node_modules/.bin/esbuild "$@" --bundle --platform=node --target=node20 --format=cjs --log-level=warning \
    --loader:.sh=text
}
tool() {
  bundle "$@" --minify-syntax --minify-whitespace --legal-comments=eof
}
tool scripts/cdk8s.ts --keep-names --outfile=build/cli/cdk8s.cjs
tool lib/cli/main.ts --keep-names --external:undici --external:'@sigstore/*' --alias:cdk8s=./cdk8s.cjs --alias:constructs=./cdk8s.cjs \
  --external:./cdk8s.cjs --outfile=build/cli/all.cjs
tool lib/cli/main-plan.ts --outfile=build/cli/plan.cjs
cat >build/ess-airgap.cjs <<'END'
#!/usr/bin/env node
// Whatever does not begin with one of these commands goes to the file that has all of them.
require(['plan', 'lint'].includes(process.argv[2]) ? './cli/plan.cjs' : './cli/all.cjs');
END
chmod +x build/ess-airgap.cjs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle scripts/man.ts --external:cdk8s --external:constructs --external:undici --outfile="$work/man.cjs"
node "$work/man.cjs" build/ess-airgap.1
bundle lib/index.ts --packages=external --outfile=build/index.cjs
echo "export * from './index.cjs';" >build/index.mjs
if [ "$1" = --types ]; then
  node scripts/notices.mjs >build/THIRD-PARTY-NOTICES.txt
  rm -rf build/types
  node_modules/.bin/tsc -p tsconfig.build.json
  echo "export * from './lib/index.js';" | tee build/types/index.d.ts >build/types/index.d.mts
fi
