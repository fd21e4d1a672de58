#!/bin/sh
# Prints the bill of materials (CycloneDX) of what a user installs, in the versions of package-lock.json: the dependencies
# and the peers. `npm sbom --omit=dev` leaves out what a development dependency needs as well, so npm is shown a
# package.json that has none. The peers are optional for who runs only the command-line tool; they are listed all the same.
set -e
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# npm calls the project by its folder.
mkdir "$work/ess-airgap"
cp package.json package-lock.json "$work/ess-airgap"
cd "$work/ess-airgap"
npm pkg delete devDependencies peerDependenciesMeta
npm install --package-lock-only --ignore-scripts --offline --no-audit --no-fund >&2
npm sbom --sbom-format=cyclonedx --package-lock-only
