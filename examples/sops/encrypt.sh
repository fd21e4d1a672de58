#!/bin/sh
# Encrypts the plain Secrets that synth wrote into a file that may be committed. It stands in secrets/ and not in
# dist/, which synth deletes.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
trap 'rm -f secrets/.new' EXIT
sops encrypt --filename-override secrets/ess-secrets.yaml dist/ess-secrets.k8s.yaml >secrets/.new
mv secrets/.new secrets/ess-secrets.yaml
