# shellcheck shell=sh
# Part of mirror.sh: what the target has of an image's artifacts.

ask_for_artifact() {
  if ! inspect "$place" "$target_auth"; then
    explain target
    may_be_missing || fault
    return
  fi
  if [ "$found" = "sha256:$hex" ]; then
    note skipped "$item"
  elif [ "$item" != "$hex" ] && [ "$MODE" = copy ]; then
    compare_tags
  fi
}

# The tag of cosign 2 has another manifest. It may stay if it has every layer of ours, and may be replaced if ours has every
# layer that it has: a signature that somebody else added must not be lost.
compare_tags() {
  layers_in "$dir/out" | sort -u >"$dir/theirs"
  ask_source || { explain source; fault; return; }
  layers_in "$dir/out" | sort -u >"$dir/ours"
  compare_names
  case $there in
    all) note skipped "$item" ;;
    other) conflict "the tag ${place##*:} has signatures or attestations that are not in the plan, and lacks one that is" ;;
  esac
}

ask_source() {
  repository_of "$source"
  inspect "$repository@sha256:$hex" "$source_auth"
}

# Sets relation to what the list at the subject's tag is to ours: all, part or other as compare_indexes sets there, or
# none. Takes note of the referrers that it names.
ask_for_list() {
  hex=$list place=$target_repository:sha256-$subject relation=none
  if ! inspect "$place" "$target_auth"; then
    explain target
    may_be_missing || fault
    return
  fi
  if [ "$found" = "sha256:$list" ]; then
    relation=all
  else
    read -r folder <"$work/list-$list"
    compare_indexes "$folder/$list.json" "$dir/out"
    relation=$there
    # Whoever only asks is content with any list that names all of ours.
    if [ "$MODE" = verify ] && [ -z "$(comm -23 "$dir/ours" "$dir/theirs")" ]; then relation=all; fi
  fi
  case $relation in
    other)
      # Referrers that are there by their digest alone are found by nobody.
      [ "$MODE" = verify ] ||
        conflict "the list of referrers at the tag ${place##*:} has entries that are not in the plan, and lacks some that are"
      ;;
    *) note_listed ;;
  esac
}

note_listed() {
  listed=' '
  if [ "$relation" = part ]; then
    while read -r named; do listed="$listed${named#sha256:} "; done <"$dir/theirs"
  fi
  split + "$items"
  for item in $parts; do
    case $item in
      list.*) [ "$relation" != all ] || is_known "$item" || note skipped "$item" ;;
      *.*) ;;
      *)
        case $relation$listed in
          all* | *" $item "*) is_known "$item" || note skipped "$item" ;;
        esac
        ;;
    esac
  done
}

conflict() {
  class=artifact-conflict retry='' error=$1
  hint="$at would lose them if it were replaced: delete it there if they are not needed, or leave artifacts out ($ARTIFACTS_HELP)."
  fault
}

# Whether a question means that something is to be copied: it is not there, or the target does not tell.
may_be_missing() {
  case $class-$MODE in not-found-* | denied-copy) return 0 ;; *) return 1 ;; esac
}
