#!/bin/sh
# What `ess-airgap plan` costs, whole process, beside a node that does nothing. Prints medians in milliseconds.
#   npm run build && sh bench/startup.sh [runs]
set -e
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp test/fixtures/images_digests.full.yml "$folder/images_digests.yml"
printf 'apiVersion: ess-airgap/v1\nregistry: { server: localregistry.local, path: elementdeployment }\n' >"$folder/airgap.yaml"

# median RUNS COMMAND…
median() {
  runs=$1
  shift
  i=0
  while [ "$i" -lt "$runs" ]; do
    start=$(date +%s%N)
    "$@" >/dev/null
    end=$(date +%s%N)
    echo $(((end - start) / 100000))
    i=$((i + 1))
  done | sort -n | sed -n "$(((runs + 1) / 2))p" | sed 's/\(.\)$/.\1/'
}

runs=${1:-21}
printf 'node -e 0            %s\n' "$(median "$runs" node -e 0)"
printf 'ess-airgap --help    %s\n' "$(median "$runs" node build/ess-airgap.cjs --help)"
printf 'ess-airgap plan      %s\n' "$(median "$runs" node build/ess-airgap.cjs plan --config "$folder/airgap.yaml")"
