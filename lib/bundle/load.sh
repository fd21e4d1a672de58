#!/bin/sh
# Pushes a bundle of ess-airgap into its registry, with skopeo and coreutils alone.
#
#   sh load.sh [BUNDLE [OLDER...]]
#
# BUNDLE is the folder of the bundle, by default that of this script; of a bundle in parts, the folder that holds
# part-001, part-002 … side by side. A bundle made with --since lacks the layers that an older one brought: they are
# taken from the folders OLDER, or else are in the registry, in the same repository.
#
# First every file is compared with its checksum, and every image with the list of its files; what is missing,
# damaged or cut short ends it before anything is pushed. Then every image is pushed by tag with its digest, and asked
# for once more; what is there already with its digest is skipped.
#
# Prints one JSON line an image, with "result" copied, skipped or failed, and a summary as the last line, in which
# expected = copied + skipped + failed. Exits 0 when all is there, 1 when an image failed, 2 when the bundle is broken.
#
# Environment:
#   ESS_AIRGAP_INSECURE  servers that may be spoken to over plain HTTP or unverified TLS, separated by blanks
#   ESS_AIRGAP_TIMEOUT_SECONDS  longest time for the push of one image (3600)
#   REGISTRY_AUTH_FILE, HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE  as everywhere; skopeo reads them
#   TMPDIR               must have room for the largest file that is cut into pieces, if there is any
set -eu

INSECURE=${ESS_AIRGAP_INSECURE:-}
TIMEOUT_SECONDS=${ESS_AIRGAP_TIMEOUT_SECONDS:-3600}
# Certificates and logins are where skopeo finds them by itself.
CERT_DIR='' AUTH_DIR='' source_auth=- target_auth=-
# What skopeo waits for by itself; nobody here waits longer.
SKOPEO_WAIT=60
LONGEST_WAIT=60
: "${TMPDIR:=/tmp}"

main() {
  given=${1:-$(dirname "$0")}
  bundle=$(CDPATH='' cd -- "$given" 2>/dev/null && pwd) || broken "$given is no folder"
  [ $# -eq 0 ] || shift
  child='' stopping='' attempt=1
  work=$(mktemp -d "$TMPDIR/ess-airgap-load.XXXXXX")
  dir=$work
  trap '[ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :; rm -rf "$work"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 131' QUIT
  trap 'exit 138' USR1
  trap 'exit 140' USR2
  trap 'exit 143' TERM
  # Without a reader an output fails, instead of ending this before it has cleaned up.
  trap '' PIPE
  mkdir "$work/checked" "$work/held"
  : >"$work/wrong"
  find_parts
  check_files
  check_plan "$@"
  load
}

broken() {
  echo "load.sh: $1" >&2
  exit 2
}

### Before anything is pushed

# Sets first, the folder with the list of contents, and parts, how many folders there are.
find_parts() {
  first=$bundle
  [ -f "$first/load.plan" ] || first=$bundle/part-001
  [ -f "$first/load.plan" ] || broken "$bundle holds no bundle: there is no load.plan in it, nor in a part-001 below it"
  { read -r _ && read -r word version parts_word parts rest; } <"$first/load.plan" || word=''
  case "$word $version $parts_word $parts$rest" in
    *[!0-9]) broken 'load.plan is damaged' ;;
    'bundle 1 parts '?*) ;;
    *) broken 'load.plan is not of this version of ess-airgap, or damaged' ;;
  esac
}

# The folder of a part, by its number.
part() {
  if [ "$parts" -eq 1 ]; then
    echo "$first"
  else
    printf '%s/part-%03d\n' "$(dirname "$first")" "$1"
  fi
}

# Compares every file with its checksum, and notes the folder of each that is right, by its name.
check_files() {
  number=0
  while [ "$number" -lt "$parts" ]; do
    number=$((number + 1))
    folder=$(part "$number")
    if [ ! -f "$folder/SHA256SUMS" ]; then
      echo "$folder is missing or not complete: there is no SHA256SUMS in it" >>"$work/wrong"
      continue
    fi
    echo "checking $folder" >&2 || :
    (cd "$folder" && sha256sum -c SHA256SUMS) >"$work/sums" 2>/dev/null || :
    while IFS= read -r line; do
      name=${line%: OK}
      if [ "$name" = "$line" ]; then
        echo "$folder/${line%: *} is missing or damaged" >>"$work/wrong"
      else
        echo "$folder" >"$work/checked/${name##*/}"
      fi
    done <"$work/sums"
  done
  for name in load.plan load.sh index.json oci-layout; do
    [ -f "$work/checked/$name" ] || echo "$first/$name is not among the checked files" >>"$work/wrong"
  done
  refuse_wrong
}

refuse_wrong() {
  [ -s "$work/wrong" ] || return 0
  echo 'load.sh: the bundle is not whole; nothing has been pushed:' >&2
  while IFS= read -r line; do echo "  $line" >&2; done <"$work/wrong"
  exit 2
}

# Looks whether all files are there that the images consist of.
check_plan() {
  lines=0 expected=0 ended=''
  while read -r kind a b c more; do
    lines=$((lines + 1))
    [ -z "$ended$more" ] || [ "$kind" = '#' ] || broken "line $lines of load.plan is damaged"
    case $kind in
      '#' | bundle) ;;
      image | own)
        expected=$((expected + 1))
        case "$a$b$c" in *[!A-Za-z0-9._:/,@-]* | '') broken "line $lines of load.plan is damaged" ;; esac
        [ "$kind" = own ] || need "${a#sha256:}" 1
        ;;
      manifest) need "$a" 1 ;;
      config | layer) need "$a" "$c" ;;
      absent) need_elsewhere "$@" ;;
      end)
        [ "$a" = "$lines" ] || broken 'load.plan is cut short'
        ended=yes
        ;;
      *) broken "line $lines of load.plan is damaged" ;;
    esac
  done <"$first/load.plan"
  [ -n "$ended" ] || broken 'load.plan is cut short'
  refuse_wrong
}

is_hex() {
  case $1 in *[!0-9a-f]*) return 1 ;; esac
  [ "${#1}" -eq 64 ]
}

# Notes a file, or a piece of one, that is not among the checked ones.
need() {
  is_hex "$1" || broken "line $lines of load.plan is damaged"
  case $2 in '' | *[!0-9]* | 0*) broken "line $lines of load.plan is damaged" ;; esac
  if [ "$2" -eq 1 ]; then
    [ -f "$work/checked/$1" ] || echo "blobs/sha256/$1 is missing from all parts" >>"$work/wrong"
    return 0
  fi
  piece=0
  while [ "$piece" -lt "$2" ]; do
    piece=$((piece + 1))
    [ -f "$work/checked/$1.$piece" ] || echo "blobs/sha256/$1.$piece is missing from all parts" >>"$work/wrong"
  done
}

# The same for a layer of an older bundle: in one of the folders, or in the registry together with its image there.
need_elsewhere() {
  is_hex "$a" || broken "line $lines of load.plan is damaged"
  [ ! -f "$work/checked/$a" ] || return 0
  for older in "$@"; do
    for folder in "$older" "$older"/part-*; do
      [ -f "$folder/blobs/sha256/$a" ] || continue
      sum=$(sha256sum <"$folder/blobs/sha256/$a")
      if [ "${sum%% *}" = "$a" ]; then
        echo "$folder" >"$work/checked/$a"
        return 0
      fi
      echo "$folder/blobs/sha256/$a is damaged" >>"$work/wrong"
    done
  done
  case $c in *[!A-Za-z0-9._:/@-]* | '') broken "line $lines of load.plan is damaged" ;; esac
  held=$work/held/$(printf %s "$c" | tr /:@ ___)
  if [ ! -f "$held" ]; then
    if inspect "$c" -; then
      echo yes >"$held"
    else
      echo no >"$held"
      target=$c
      explain target
      echo "$c, which an older bundle brought: $error" >>"$work/wrong"
    fi
  fi
  read -r answer <"$held"
  [ "$answer" = yes ] ||
    echo "layer $a is neither in $c nor in the folder of an older bundle: load that first, or name it" >>"$work/wrong"
}

### The push

load() {
  copied=0 skipped=0 failed=0 target=''
  while read -r kind a b c <&3; do
    case $kind in
      image)
        push
        begin "$a" "$b" "$c"
        link "$work/view/manifest.json" "${a#sha256:}" 1
        ;;
      manifest) link "$work/view/$a.manifest.json" "$a" 1 ;;
      config | layer) link "$work/view/$a" "$a" "$c" ;;
      # Without its file the push has to find the layer in the registry.
      absent) [ ! -f "$work/checked/$a" ] || link "$work/view/$a" "$a" 1 ;;
      own)
        push
        begin "$a" "$b" "$c"
        expect_own
        ;;
      end) push ;;
    esac
  done 3<"$first/load.plan"
  print_summary || unread
  [ "$failed" -eq 0 ]
}

# Sets result to skipped where the image is there already; else its files are to be linked, and pushed.
begin() {
  wanted=$1 target=$2 containers=$3 source=bundle result='' error='' class='' retry='' hint='' more=''
  rm -rf "$work/view"
  mkdir "$work/view"
  if inspect "$target" -; then
    if [ "$found" = "$wanted" ] || [ "$wanted" = - ]; then result=skipped; fi
  else
    found=''
  fi
}

# Lays a checked file into the view, which is a folder as skopeo's transport dir: reads it.
link() {
  [ -z "$result" ] || return 0
  if [ "$3" -eq 1 ]; then
    IFS= read -r folder <"$work/checked/$2"
    case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
    ln -s "$folder/blobs/sha256/$2" "$1"
    return 0
  fi
  piece=0
  while [ "$piece" -lt "$3" ]; do
    piece=$((piece + 1))
    IFS= read -r folder <"$work/checked/$2.$piece"
    cat "$folder/blobs/sha256/$2.$piece"
  done >"$1"
  sum=$(sha256sum <"$1")
  [ "${sum%% *}" = "$2" ] || result=failed class=damaged \
    error="the pieces of sha256:$2 do not make the file that they are cut out of"
}

expect_own() {
  [ -z "$result" ] || return 0
  result=failed
  if [ -z "$found" ]; then explain target; else class=wrong-digest error="the registry has $found at this tag"; fi
  hint='Push it yourself, or give its override a source.'
  error="this image of your own is not in the registry: $error"
}

# Pushes the image that was begun, if any, and reports it.
push() {
  [ -n "$target" ] || return 0
  if [ -z "$result" ]; then
    result=failed
    echo "pushing $target" >&2 || :
    if ! copy "dir:$work/view" "$target" --all --retry-times 3; then
      explain_copy
    elif ! inspect "$target" -; then
      explain target
    elif [ "$found" = "$wanted" ]; then
      result=copied
    else
      class='digest-not-preserved' error="after the push the registry has $found at this tag, not $wanted"
      hint="${target%%/*} changed the image, or something between changed it: do not trust it."
    fi
  fi
  case $result in
    copied) copied=$((copied + 1)) ;;
    skipped) skipped=$((skipped + 1)) ;;
    *) failed=$((failed + 1)) ;;
  esac
  print_result || unread
  target=''
}

# Nobody reads the report any more, or it has no room: there is no point in going on unseen.
unread() {
  echo 'load.sh: the report cannot be written to standard output, so this run stops' >&2 || :
  exit 1
}

# The parts that mirror.sh has too; the load.sh of a bundle has their text here.
# shellcheck source=lib/mirror/skopeo.sh
. "$(dirname "$0")/../mirror/skopeo.sh"
# shellcheck source=lib/mirror/faults.sh
. "$(dirname "$0")/../mirror/faults.sh"
# shellcheck source=lib/mirror/report.sh
. "$(dirname "$0")/../mirror/report.sh"

main "$@"
