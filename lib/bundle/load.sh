#!/bin/sh
# Verifies a bundle of ess-airgap and pushes its images. Needs a POSIX shell, coreutils and skopeo.
# sh load.sh --help prints how to use it; docs/reference/bundle.md describes the bundle and the report.
set -eu
# Letters are bytes, and the order of words is the same everywhere.
export LC_ALL=C

usage() {
  cat <<'END'
Usage: sh load.sh [OPTION...] [BUNDLE [OLDER...]]

Verifies the bundle in the folder BUNDLE, then pushes its images to the registry.
BUNDLE is the folder of this script if it is not given. For a bundle in parts,
it is the folder that holds part-001, part-002, ... side by side.
OLDER are folders of older bundles. A bundle made with --since leaves out layers
that an older bundle has. They are read from there, or are in the registry.

Options:
  --digest DIGEST  the digest of load.plan that "ess-airgap bundle" printed
  --server SERVER  the only registry to push to, such as registry.example:5000
  --dry-run        verify the bundle, print what would be pushed, and stop
  -h, --help       print this help

Give --digest. load.plan holds the digest of every other file, so with it nothing
can be pushed that is not in the bundle that was made. Without it, load.sh finds
damage, but not a bundle that somebody else made.

Log in first: skopeo login SERVER. Environment:
  ESS_AIRGAP_INSECURE         servers to use over plain HTTP or unverified TLS,
                              separated by blanks
  ESS_AIRGAP_TIMEOUT_SECONDS  longest time for the push of one image (3600)
  REGISTRY_AUTH_FILE, SSL_CERT_FILE, HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                              read by skopeo
  TMPDIR                      needs room for the largest layer that is cut

Prints one JSON line per image, and a summary as the last line.
Exit codes: 0 every image is in the registry with its digest, 1 an image failed,
2 usage error or the bundle was rejected, and nothing was pushed.
END
}

main() {
  digest='' server='' dry_run='' older=0
  work='' child='' watcher='' pushing=''
  trap clean_up EXIT
  end_on_signals
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --dry-run) dry_run=yes ;;
      --digest | --server)
        [ $# -gt 1 ] || reject "$1 needs a value" 'sh load.sh --help prints the options.'
        option "$1" "$2"
        shift
        ;;
      --digest=* | --server=*) option "${1%%=*}" "${1#*=}" ;;
      --)
        shift
        break
        ;;
      -*) reject "there is no option $1" 'sh load.sh --help prints the options.' ;;
      *) break ;;
    esac
    shift
  done
  bundle=${1:-$(dirname "$0")}
  [ $# -eq 0 ] || shift
  require_tools
  work=$(mktemp -d "${TMPDIR:-/tmp}/ess-airgap-load.XXXXXX") ||
    reject "there is no room for temporary files in ${TMPDIR:-/tmp}" 'Set TMPDIR to a folder that can be written.'
  mkdir "$work/older"
  for folder in "$@"; do
    older=$((older + 1))
    link=$(absolute "$folder") || reject "$folder is not a folder" 'Name the folder of an older bundle.'
    ln -s "$link" "$work/older/$older"
  done
  check_bundle
  if [ -n "$dry_run" ]; then
    print_plan
  else
    pushing=yes
    push_bundle
  fi
}

# shellcheck disable=SC2317 # the trap calls it
clean_up() {
  status=$?
  end_children
  [ -z "$work" ] || rm -rf "$work"
  # What nobody foresaw, before anything was pushed: a full disk, a tool that is another than expected.
  case $status$pushing in
    0* | 2 | *yes | 12[89] | 1[3-9]?) ;;
    *)
      say "error: the bundle could not be verified; is there room in ${TMPDIR:-/tmp}?"
      say 'Nothing was pushed.'
      exit 2
      ;;
  esac
}

option() {
  case $1 in
    --server) server=$2 ;;
    --digest)
      digest=$(printf %s "$2" | tr -d ' :\t\n-' | tr '[:upper:]' '[:lower:]')
      digest=${digest#sha256}
      is_hex "$digest" || reject '--digest is not a digest; expected sha256: and 64 hexadecimal digits' \
        'Blanks between the digits do not matter.'
      ;;
  esac
}

require_tools() {
  for tool in mktemp sha256sum stat head tr sort uniq comm wc fold cut tail; do
    command -v "$tool" >/dev/null || reject "$tool is not installed" 'load.sh needs coreutils and skopeo.'
  done
  [ -n "$dry_run" ] || command -v skopeo >/dev/null ||
    reject 'skopeo is not installed' 'load.sh needs coreutils and skopeo.'
}

absolute() {
  CDPATH='' cd -- "$1" 2>/dev/null && pwd
}

# Ends it before anything was pushed.
#   reject WHAT [HINT]
reject() {
  say "error: $1"
  [ -z "${2:-}" ] || say "    $2"
  say 'Nothing was pushed.'
  exit 2
}

# The load.sh of a bundle has the text of its parts here.
# shellcheck source=lib/bundle/plan.sh
. "$(dirname "$0")/plan.sh"
# shellcheck source=lib/bundle/check.sh
. "$(dirname "$0")/check.sh"
# shellcheck source=lib/bundle/print-plan.sh
. "$(dirname "$0")/print-plan.sh"
# shellcheck source=lib/bundle/push.sh
. "$(dirname "$0")/push.sh"

main "$@"
