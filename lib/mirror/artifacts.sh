# shellcheck shell=sh
# Part of mirror.sh: the artifacts of an image, which are its signatures, attestations and SBOMs. In the plan's field
# artifacts, those of one manifest are a group:
#
#   SUBJECT:ITEM+ITEM...,SUBJECT:ITEM...
#
# SUBJECT is the manifest that they belong to: the image, a manifest below it, or another artifact. An ITEM is one of
#   HEX                          a manifest that names its subject (a referrer)
#   sig.HEX, att.HEX, sbom.HEX   a manifest at the tag sha256-SUBJECT.sig and so on, where cosign 2 looks for it
#   list.HEX                     the index of the group's referrers, at the tag sha256-SUBJECT, where clients look if the
#                                registry has no referrers API: the file referrers/HEX.json beside the plan; the last item
# HEX and SUBJECT are the digits of sha256 digests.

# Asks the target for the artifacts that are not known to be there, or copies those that are not there.
#   for_artifacts ask|bring
# Fails if one is missing or could not be copied, and then sets what explain sets; in copy mode ask sets missing instead.
for_artifacts() {
  [ "$artifacts" != - ] || return 0
  task=$1 lacking='' kept_class=''
  repository_of "$target"
  target_repository=$repository
  read_known
  split , "$artifacts"
  for group in $parts; do
    subject=${group%%:*} items=${group#*:}
    for_group || return 1
  done
  class='' error='' hint='' retry=''
  if [ -n "$kept_class" ]; then
    class=$kept_class hint=$kept_hint error=$kept_error at=$kept_at side=$kept_side
    return 1
  fi
  [ -n "$lacking" ] || return 0
  count_artifacts
  class=not-found error="the image is there, but $lacking is not; $artifacts_failed of $artifacts_expected artifacts are missing"
  hint='Copy them: run the mirror without the mode verify.'
  return 1
}

# Fails if the attempt ends here.
for_group() {
  complete=yes list='' relation=''
  case $items in *list.*) list=${items##*list.} ;; esac
  if [ -n "$list" ] && ! is_known "list.$list"; then
    ask_for_list || return 1
    if [ "$MODE" = copy ]; then
      [ "$relation" != other ] || return 0
      if [ "$task" = ask ] && ! is_known "list.$list"; then
        lack "the list of referrers of sha256:$subject"
        return
      fi
    fi
  fi
  split + "$items"
  for item in $parts; do
    hex=${item##*.}
    case $item in
      list.*) continue ;;
      *.*) place=$target_repository:sha256-$subject.${item%%.*} ;;
      *) place=$target_repository@sha256:$hex ;;
    esac
    is_known "$item" || for_artifact || return 1
  done
  if [ -z "$list" ] || [ -z "$complete" ] || is_known "list.$list"; then return 0; fi
  hex=$list place=$target_repository:sha256-$subject
  if [ "$task" = ask ]; then lack "the list of referrers of sha256:$subject"; else bring_list; fi
}

for_artifact() {
  # Without a list that names it, a referrer is most likely missing, and copying it again does no harm.
  if [ "$task" = ask ] || [ "$item" != "$hex" ] || [ -z "$list" ]; then
    faulty=''
    ask_for_artifact || return 1
    if [ -n "$faulty" ] || is_known "$item"; then return 0; fi
  fi
  if [ "$task" = ask ]; then lack "sha256:$hex"; else bring_artifact; fi
}

bring_artifact() {
  copy_digest all "sha256:$hex" "$place" || { explain_copy; fault; return; }
  note_arrival "$item"
}

bring_list() {
  read -r folder <"$work/list-$list"
  rm -rf "$dir/list"
  if mkdir "$dir/list" && cp "$folder/$list.json" "$dir/list/manifest.json" &&
    copy "dir:$dir/list" "$place" --multi-arch index-only; then
    note_arrival "list.$list"
  else
    explain_copy
    fault
  fi
}

note_arrival() {
  ask_after_copy "$place" || { fault; return; }
  if [ "$found" = "sha256:$hex" ]; then
    note copied "$1"
    return 0
  fi
  class='digest-not-preserved' error="after the copy the registry has $found at this place"
  hint="$at changed it, or something between changed it: nothing of it is to be trusted."
  fault
}

# Something is missing. If it can be copied, that is all there is to know.
lack() {
  lacking=${lacking:-$1} complete=''
  [ "$MODE" = copy ] || return 0
  missing=yes class='' error='' hint='' retry=''
  return 1
}

# An artifact failed. A fault that may pass ends the attempt; of the others the first is kept, and the other artifacts are
# still copied.
fault() {
  complete='' faulty=yes
  error=$(printf 'artifact sha256:%s: %.450s' "$hex" "$error")
  case $class-$side in
    not-found-source) hint="$at does not have this artifact any more: run ess-airgap lock again, or leave artifacts out ($ARTIFACTS_HELP)." ;;
    refused-target) hint="$at does not accept this kind of artifact: leave artifacts out ($ARTIFACTS_HELP), or keep signatures only." ;;
  esac
  if [ -n "$stopping$retry$closed" ]; then return 1; fi
  [ -z "$kept_class" ] || return 0
  kept_class=$class kept_hint=$hint kept_error=$error kept_at=$at kept_side=$side
}
