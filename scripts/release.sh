#!/bin/sh
# Builds a release in release/: the package, the single executables, the man page, the Containerfile, licences, their checksums and the bill of materials (CycloneDX).
# Publishing is left to the person who runs it.
set -e
cd "$(dirname "$0")/.."
[ -z "$(git status --porcelain)" ] || { echo 'commit or remove what git status shows first' >&2; exit 1; }
npm ci
npm audit
npm test
rm -rf release
mkdir release
npm pack --pack-destination release
sh scripts/executable.sh
cp build/ess-airgap.1 Containerfile LICENSE release
sh scripts/sbom.sh >release/ess-airgap.cdx.json
(cd release && sha256sum ./* >SHA256SUMS)
ls -l release
