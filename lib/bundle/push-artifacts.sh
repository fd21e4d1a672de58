# shellcheck shell=sh
# Part of load.sh and load-checked.sh: the items of an image that come after the image itself (push.sh). Its artifacts are
# signatures, attestations and SBOMs: referrers, which name their subject, and what cosign 2 keeps at tags. Its lists of
# referrers are for a registry without the referrers API.

# Lists of referrers are indexes that not every skopeo can push. What it cannot push has to be known before the first push.
require_index_push() {
  list=''
  while read -r kind a _ <&3; do
    [ "$kind" = referrers ] || continue
    list=$work/manifests/${a#sha256:}
    # A skopeo that cannot stumbles over this key.
    case $(cat "$list") in *'"artifactType"'*) break ;; esac
  done 3<"$work/load.plan"
  if [ -z "$list" ] || can_push_index "$list"; then return 0; fi
  version=$(skopeo --version 2>/dev/null | tr -cd '0-9. ') || version=''
  reject "this skopeo${version:+ ($version)} cannot push lists of signatures and attestations, which the bundle has" \
    "Use a later version; 1.22 can. Or make the bundle again: for a registry that has the referrers API with its profile, or with mirror.artifacts: none."
}

#   begin_artifact DIGEST SUBJECT TAG
begin_artifact() {
  artifacts=$((artifacts + 1)) subject=$2
  repository_of "$target"
  if [ "$3" = - ]; then
    begin_item referrer "$repository@$1" "$1"
  else
    begin_item tagged "$repository:$3" "$1"
  fi
  ask_for_item || return 0
  if [ "$found" = "$1" ]; then
    count_artifact skipped
    return 0
  fi
  if [ -n "$found" ]; then
    compare_cosign "$work/manifests/${1#sha256:}" "$dir/out"
    case $there in
      all)
        count_artifact skipped
        return 0
        ;;
      other)
        conflict "the tag ${place##*:} has signatures or attestations that are not in the bundle, and lacks one that is"
        return 0
        ;;
    esac
  fi
  pending=yes
}

#   begin_list DIGEST SUBJECT
begin_list() {
  subject=$2
  repository_of "$target"
  begin_item list "$repository:sha256-${2#sha256:}" "$1"
  # A list names only what is there.
  if [ -n "$skip_rest" ] || lacks_referrers; then
    forget_referrers
    return 0
  fi
  ask_for_item || return 0
  [ "$found" != "$1" ] || return 0
  if [ -n "$found" ]; then
    compare_indexes "$work/manifests/${1#sha256:}" "$dir/out"
    case $there in
      all) return 0 ;;
      other)
        conflict "the list of referrers at the tag ${place##*:} has entries that are not in the bundle, and lacks some that are"
        return 0
        ;;
    esac
  fi
  pending=yes
}

# Sets found to the digest of what is at the place of the item, empty if there is nothing. Fails if there is no point in a push.
ask_for_item() {
  [ -z "$skip_rest" ] || return 1
  ! inspect "$place" - || return 0
  found=''
  explain target
  case $class-$item in
    not-found-*) return 0 ;;
    # Some registries refuse to say that something is not there. A tag may be replaced only if it can be read.
    denied-referrer) return 0 ;;
  esac
  fail_item
  return 1
}

conflict() {
  class=artifact-conflict retry='' error=$1
  hint="${target%%/*} would lose them if it were replaced: delete it there if they are not needed, or make the bundle with mirror.artifacts: none."
  fail_item
}

#   count_artifact copied|skipped
count_artifact() {
  case $1 in
    copied) artifacts_copied=$((artifacts_copied + 1)) ;;
    skipped) artifacts_skipped=$((artifacts_skipped + 1)) ;;
  esac
  [ "$item" != referrer ] || echo "$subject $1" >>"$work/referrers-there"
}

# Whether one of the referrers that the list of a subject names is not in the registry.
lacks_referrers() {
  count=$(named_in "$work/manifests/${item_digest#sha256:}" | wc -l)
  while read -r of _; do [ "$of" != "$subject" ] || count=$((count - 1)); done <"$work/referrers-there"
  [ "$count" -gt 0 ]
}

# Nobody finds referrers that no list names: those of the subject count as failed.
forget_referrers() {
  while read -r of how; do
    case $of-$how in
      "$subject-copied") artifacts_copied=$((artifacts_copied - 1)) ;;
      "$subject-skipped") artifacts_skipped=$((artifacts_skipped - 1)) ;;
    esac
  done <"$work/referrers-there"
}
