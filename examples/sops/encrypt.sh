#!/bin/sh
# Encrypts the plain Secrets that synth wrote into files that may be committed. They stand in secrets/ and not in
# dist/, which synth deletes.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
trap 'rm -f secrets/.new' EXIT
for name in pull mirror; do
  sops encrypt --filename-override "secrets/$name.yaml" "dist/$name-ess-secrets.k8s.yaml" >secrets/.new
  mv secrets/.new "secrets/$name.yaml"
done
