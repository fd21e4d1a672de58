#!/bin/sh
# Pushes the images of a bundle that ess-airgap load has verified.
#   sh load-checked.sh FOLDER
# FOLDER has what check.sh leaves: load.plan, the manifests, and the paths of the other files.
set -eu
export LC_ALL=C

main() {
  work=$1 child='' watcher=''
  trap end_children EXIT
  end_on_signals
  push_bundle
}

reject() {
  say "error: $1"
  say "    $2"
  say 'Nothing was pushed.'
  exit 2
}

# shellcheck source=lib/bundle/push.sh
. "$(dirname "$0")/push.sh"

main "$@"
