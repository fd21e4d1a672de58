#!/bin/sh
# Copies every image of the plan files into the target registry, several at once, with skopeo and coreutils alone.
#
#   sh mirror.sh PLAN...
#
# with its parts beside it: plan.sh, workers.sh, shares.sh, servers.sh, image.sh, artifacts.sh, artifact-questions.sh, artifact-state.sh,
# progress.sh and results.sh, and skopeo.sh, referrers.sh, watch.sh, faults.sh and report.sh, which load.sh has too.
#
# A plan file has one line an image, its fields separated by blanks, "-" for a field that is empty; lines that
# begin with # are comments. A PLAN that is a directory stands for all *.plan files in it.
#   digest source target source-auth target-auth platforms containers [layers=NAME:BYTES,...] [artifacts=...]
# Layers are those of all platforms; the names are the first 12 digits of their digests. Where they are known, each
# crosses the link once, and the progress has sizes. Artifacts are signatures, attestations and SBOMs: artifacts.sh
# describes the field, and the folder referrers beside the plan file, which has the lists by which clients find them.
#
# Every image is copied by its digest, with all its platforms or, of an index, those that the plan names, and pushed by
# tag; the digest stays what it is.
# What is there already with the right digest is skipped; what has been copied is asked for once more.
# The artifacts of an image are copied after it, by digest, and the list of them last. Only then is the image done.
# An image without a source is the user's own: it must be there and is never copied.
#
# Standard output gets one JSON line an image, with "result" copied, skipped or failed, and a summary as the last
# line, in which expected = copied + skipped + failed, for images and for artifacts. Standard error gets the progress, for people. The summary,
# failures first, also goes to /dev/termination-log where a kubelet put it.
#
# Exit code: 0 every image is there; 1 something failed that another run may fix; 2 used wrongly, the plan is not valid,
# or skopeo is too old for its lists of artifacts; 3 something failed, and all of it for a reason that no other run will fix. A signal (SIGTERM, SIGINT and the
# like) ends it with a summary and exit code 1; so does an output that nobody reads any more.
#
# Environment:
#   ESS_AIRGAP_MODE             copy (default), or verify: copy nothing, say whether everything is there
#   ESS_AIRGAP_PARALLEL         images at once (4)
#   ESS_AIRGAP_ATTEMPTS         how often an image is tried where a retry may help (5)
#   ESS_AIRGAP_RETRY_SECONDS    wait before the first retry (4); it doubles with each, with up to a half more at random
#   ESS_AIRGAP_PROGRESS_SECONDS  how often a line says how far the run is (30); 0: never
#   ESS_AIRGAP_TIMEOUT_SECONDS  longest time for one attempt at a copy (3600)
#   ESS_AIRGAP_AUTH_DIR         the auth named N in a plan is N/config.json below it, a docker config
#   ESS_AIRGAP_CERT_DIR         certificates for a server (*.crt to trust, *.cert and *.key to show) are in the
#                               folder of its name below it, those to trust for all others in the folder "default"
#   ESS_AIRGAP_INSECURE         servers that may be spoken to over plain HTTP or unverified TLS, separated by blanks
#   HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE  as everywhere; skopeo reads them
#   HOME, TMPDIR                must be writable; HOME keeps what skopeo knows of the registry's layers
#
# docs/reference/mirror-report.md describes the report, docs/reference/mirror-faults.md what happens in which fault.
set -eu
# A letter is one byte, and what sort and case think of it does not depend on the machine.
export LC_ALL=C

MODE=${ESS_AIRGAP_MODE:-copy}
PARALLEL=${ESS_AIRGAP_PARALLEL:-4}
ATTEMPTS=${ESS_AIRGAP_ATTEMPTS:-5}
RETRY_SECONDS=${ESS_AIRGAP_RETRY_SECONDS:-4}
TIMEOUT_SECONDS=${ESS_AIRGAP_TIMEOUT_SECONDS:-3600}
PROGRESS_SECONDS=${ESS_AIRGAP_PROGRESS_SECONDS:-30}
AUTH_DIR=${ESS_AIRGAP_AUTH_DIR:-/run/secrets/ess-airgap}
CERT_DIR=${ESS_AIRGAP_CERT_DIR:-}
INSECURE=${ESS_AIRGAP_INSECURE:-}
: "${TMPDIR:=/tmp}"
export TMPDIR

# skopeo waits as long as a registry asks it to (Retry-After), but not longer than this; we do.
SKOPEO_WAIT=60
# Who asks for a longer wait than this is not waited for.
LONGEST_WAIT=3600
LOGIN_HELP='see mirror.auth'
CA_HELP='in mirror.caBundle'
ARTIFACTS_HELP='mirror.artifacts: none'
INSECURE_HELP=mirror.insecure
TERMINATION_LOG=/dev/termination-log

main() {
  stopping='' workers='' child=''
  trap stop TERM INT HUP QUIT USR1 USR2
  # Without a reader an output fails, instead of ending who writes.
  trap '' PIPE
  for plan in "$@"; do
    shift
    if [ -d "$plan" ]; then set -- "$@" "$plan"/*.plan; else set -- "$@" "$plan"; fi
  done
  check_usage "$@"
  mkdir -p "$TMPDIR" "$HOME"
  work=$(mktemp -d "$TMPDIR/ess-airgap.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  read_plans "$@"
  check_skopeo
  expected=$(wc -l <"$work/queue")
  expected=$((expected))
  : >"$work/deferred"
  # Space for every result is taken beforehand: a full volume must not make anybody forget one.
  count=0
  while [ "$count" -lt "$expected" ]; do
    count=$((count + 1))
    printf '%1200s\n' ''
  done >"$work/results"
  mkfifo "$work/turn"
  # Every worker inherits these: one position in each file for all of them, moved on by whose turn it is.
  exec 3<"$work/queue" 4<>"$work/turn" 5<"$work/deferred" 6<>"$work/results"
  echo >&4
  echo 0 >"$work/changes"
  echo 0 0 | tee "$work/done" >"$work/todo"
  exec 7>&2
  uptime
  began=$seconds shown_at=$seconds
  watch &
  watcher=$!
  ask_targets
  count=0 until=copy
  # A question is short: some more workers ask, where there is much to ask for.
  while [ "$count" -lt "$PARALLEL" ] || [ $((count * 10)) -lt "$expected" ]; do
    [ "$count" -lt "$PARALLEL" ] || until=ask
    if [ "$count" -ge "$expected" ] || [ "$count" -ge $((PARALLEL * 3)) ]; then break; fi
    count=$((count + 1))
    mkdir "$work/worker-$count"
    [ "$until" = copy ] || : >"$work/worker-$count/asker"
    work_on_queue "$count" "$until" &
    workers="$workers $!"
    echo "$!" >"$work/worker-$count/worker" || :
  done
  for worker in $workers; do await "$worker"; done
  kill -TERM "$watcher" 2>/dev/null || :
  wait "$watcher" || :
  report_the_rest
  summarize
}

check_usage() {
  [ $# -gt 0 ] || usage 'name at least one plan file'
  case $MODE in copy | verify) ;; *) usage "ESS_AIRGAP_MODE is $MODE; expected copy or verify" ;; esac
  for number in "$PARALLEL" "$ATTEMPTS" "$RETRY_SECONDS" "$TIMEOUT_SECONDS" "$PROGRESS_SECONDS"; do
    case $number in '' | *[!0-9]* | 0?*) usage "\"$number\" is no number of images, attempts or seconds" ;; esac
  done
  if [ "$PARALLEL" -eq 0 ] || [ "$ATTEMPTS" -eq 0 ] || [ "$TIMEOUT_SECONDS" -eq 0 ]; then
    usage 'ESS_AIRGAP_PARALLEL, _ATTEMPTS and _TIMEOUT_SECONDS are at least 1'
  fi
  for plan in "$@"; do [ -r "$plan" ] || usage "no plan file $plan"; done
  for file in "$CERT_DIR"/default/*.cert "$CERT_DIR"/default/*.key; do
    [ -z "$CERT_DIR" ] || [ ! -e "$file" ] ||
      usage "$file would be shown to every server without a folder of its own: put it into the folder of its server"
  done
}

# Lists of referrers must not be lost: whether they can be pushed is known before anything is copied.
check_skopeo() {
  if [ "$MODE" != copy ] || [ ! -s "$work/sums" ]; then return 0; fi
  read -r _ file <"$work/sums"
  dir=$work/lists-check source_auth=- target_auth=-
  mkdir "$dir"
  can_push_index "$file" && return 0
  [ -z "$stopping" ] || exit 1
  read_log
  {
    echo "mirror.sh: this skopeo cannot push a list of referrers as it is, so nothing was copied: $error"
    echo 'In a registry without the referrers API, clients find signatures and attestations by these lists.'
    echo "Use skopeo 1.15 or newer, or leave artifacts out ($ARTIFACTS_HELP)."
  } >&2
  exit 2
}

usage() {
  echo "mirror.sh: $1" >&2
  exit 2
}

# shellcheck disable=SC2317 # the trap calls it
stop() {
  stopping=yes
  for process in $child $workers; do kill -TERM "$process" 2>/dev/null || :; done
}

# The parts lie beside this file.
case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
# shellcheck source=lib/mirror/plan.sh
. "$here/plan.sh"
# shellcheck source=lib/mirror/workers.sh
. "$here/workers.sh"
# shellcheck source=lib/mirror/shares.sh
. "$here/shares.sh"
# shellcheck source=lib/mirror/progress.sh
. "$here/progress.sh"
# shellcheck source=lib/mirror/watch.sh
. "$here/watch.sh"
# shellcheck source=lib/mirror/servers.sh
. "$here/servers.sh"
# shellcheck source=lib/mirror/image.sh
. "$here/image.sh"
# shellcheck source=lib/mirror/artifacts.sh
. "$here/artifacts.sh"
# shellcheck source=lib/mirror/artifact-questions.sh
. "$here/artifact-questions.sh"
# shellcheck source=lib/mirror/artifact-state.sh
. "$here/artifact-state.sh"
# shellcheck source=lib/mirror/results.sh
. "$here/results.sh"
# shellcheck source=lib/mirror/skopeo.sh
. "$here/skopeo.sh"
# shellcheck source=lib/mirror/referrers.sh
. "$here/referrers.sh"
# shellcheck source=lib/mirror/faults.sh
. "$here/faults.sh"
# shellcheck source=lib/mirror/report.sh
. "$here/report.sh"

main "$@"
