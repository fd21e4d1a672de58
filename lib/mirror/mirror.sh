#!/bin/sh
# Copies every image of the plan files into the target registry, with skopeo and coreutils alone.
#
#   sh mirror.sh PLAN...
#
# A plan file has one line an image, its fields separated by blanks, "-" for a field that is empty; lines that
# begin with # are comments:
#   digest source target source-auth target-auth containers
#
# Every image is copied by its digest, with all its platforms, and pushed by tag; the digest stays what it is.
# What is there already with the right digest is skipped; what has been copied is asked for once more.
# An image without a source is the user's own: it must be there and is never copied.
#
# Prints one JSON line an image, with "result" copied, skipped or failed, and a summary as the last line, in which
# expected = copied + skipped + failed. Exits 0 only when failed is 0.
#
# Environment:
#   ESS_AIRGAP_AUTH_DIR  the auth named N in a plan is N/config.json below it, a docker config
#   ESS_AIRGAP_INSECURE  servers that may be spoken to over plain HTTP or unverified TLS, separated by blanks
#   HOME, TMPDIR         must be writable
set -eu

AUTH_DIR=${ESS_AIRGAP_AUTH_DIR:-/run/secrets/ess-airgap}
INSECURE=${ESS_AIRGAP_INSECURE:-}
: "${TMPDIR:=/tmp}"
export TMPDIR

main() {
  if [ $# -eq 0 ]; then
    echo 'mirror.sh: name at least one plan file' >&2
    exit 2
  fi
  mkdir -p "$TMPDIR" "$HOME"
  work=$(mktemp -d "$TMPDIR/ess-airgap.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  expected=0 copied=0 skipped=0 failed=0
  for plan in "$@"; do
    # Descriptor 3, so that nothing in the loop can eat the plan by reading standard input.
    while read -r digest source target source_auth target_auth containers <&3 || [ -n "$digest" ]; do
      case $digest in '' | '#'*) continue ;; esac
      expected=$((expected + 1))
      mirror_image
      case $result in
        copied) copied=$((copied + 1)) ;;
        skipped) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
      esac
      report
    done 3<"$plan"
  done
  printf '{"expected":%d,"copied":%d,"skipped":%d,"failed":%d}\n' "$expected" "$copied" "$skipped" "$failed"
  [ "$failed" -eq 0 ]
}

# Sets result, and error where it failed, from the fields of one line of the plan.
mirror_image() {
  result=failed error=''
  wanted=$digest
  if [ "$wanted" = - ] && [ "$source" != - ]; then
    # No digest was planned: what the tag is now is what gets copied, whatever it becomes meanwhile.
    wanted=$(manifest_digest "$source" "$source_auth") || { explain; return 0; }
  fi
  if found=$(manifest_digest "$target" "$target_auth"); then
    if [ "$found" = "$wanted" ] || { [ "$source" = - ] && [ "$wanted" = - ]; }; then
      result=skipped
      return 0
    fi
    error="the registry has $found at this tag"
  else
    explain
  fi
  if [ "$source" = - ]; then
    error="this image of your own is not in the registry: $error"
    return 0
  fi
  copy "$(repository_of "$source")@$wanted" || { explain; return 0; }
  found=$(manifest_digest "$target" "$target_auth") || { explain; return 0; }
  if [ "$found" = "$wanted" ]; then
    result=copied
  else
    error="after the copy the registry has $found at this tag, not $wanted"
  fi
}

copy() {
  set -- --all --preserve-digests "docker://$1" "docker://$target"
  [ "$source_auth" = - ] || set -- --src-authfile "$AUTH_DIR/$source_auth/config.json" "$@"
  [ "$target_auth" = - ] || set -- --dest-authfile "$AUTH_DIR/$target_auth/config.json" "$@"
  ! is_insecure "$source" || set -- --src-tls-verify=false "$@"
  ! is_insecure "$target" || set -- --dest-tls-verify=false "$@"
  skopeo copy --quiet "$@" >"$work/out" 2>"$work/error"
}

# The digest of what a reference names: that of the manifest's very bytes (OCI image specification, "Digests").
manifest_digest() {
  reference=$1
  set -- --raw "docker://$reference" "$2"
  if [ "$3" = - ]; then set -- "$1" "$2"; else set -- --authfile "$AUTH_DIR/$3/config.json" "$1" "$2"; fi
  ! is_insecure "$reference" || set -- --tls-verify=false "$@"
  skopeo inspect "$@" >"$work/manifest" 2>"$work/error" || return 1
  sum=$(sha256sum <"$work/manifest")
  echo "sha256:${sum%% *}"
}

is_insecure() {
  case " $INSECURE " in *" ${1%%/*} "*) return 0 ;; *) return 1 ;; esac
}

# A reference without its tag and digest. A colon counts only behind the last slash: registries have ports.
repository_of() {
  name=${1%%@*}
  case ${name##*/} in *:*) name=${name%:*} ;; esac
  echo "$name"
}

# Makes error of what skopeo said last, as one line of plain characters that JSON can hold as they are.
explain() {
  error=$(tail -n 1 "$work/error" | tr '"\\\t' "'/ " | tr -cd '\40-\176' | cut -c 1-1000)
}

report() {
  list=
  old_ifs=$IFS IFS=,
  for container in $containers; do list="$list${list:+,}\"$container\""; done
  IFS=$old_ifs
  printf '{"image":"%s","digest":"%s","source":"%s","containers":[%s],"result":"%s"' \
    "$target" "${wanted#-}" "${source#-}" "$list" "$result"
  [ -z "$error" ] || [ "$result" != failed ] || printf ',"error":"%s"' "$error"
  echo '}'
}

main "$@"
