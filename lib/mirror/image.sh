# shellcheck shell=sh
# Part of mirror.sh: what is done for one image.

# Both of the following set result to copied, skipped or failed, in verify mode to present or failed; with a failure also
# what explain sets.
begin_attempt() {
  result=failed retry='' retry_after=0 class='' error='' hint='' lacks='' unreachable='' closed='' missing=''
  at=${target%%/*} side=target
}

# Asks the target whether the image is there, and sets missing if it is to be copied.
ask_for_image() {
  begin_attempt
  claimed_bytes=0 wanted=$digest
  ! is_closed "$target" "$target_auth" || return 0
  if [ "$wanted" = - ] && [ "$source" != - ] && [ "$MODE" = copy ]; then
    ! is_closed "$source" "$source_auth" || return 0
    # No digest was planned: what the tag is now is what gets copied, whatever it becomes meanwhile.
    inspect "$source" "$source_auth" || { explain source; return 0; }
    wanted=$found
  fi
  if inspect "$target" "$target_auth"; then
    if [ "$found" = "$wanted" ] || [ "$wanted" = - ]; then
      [ "$MODE" = copy ] && result=skipped || result=present
      # An answer that was lost: an earlier attempt of this run brought the image after all.
      [ "$copy_began" = - ] || result=copied
      for_artifacts ask || result=failed
      [ -z "$missing" ] || : >"$work/image-$number" || :
      return 0
    fi
    class=wrong-digest error="the registry has $found at this tag, not $wanted"
  else
    explain target
    case $class in
      not-found) ;;
      # Some registries refuse to say that something is not there; a copy finds out.
      denied) [ "$MODE" = copy ] && [ "$source" != - ] || return 0 ;;
      *) return 0 ;;
    esac
  fi
  if [ "$source" = - ]; then
    error="this image of your own is not in the registry: $error"
    hint='Push it yourself, or give its override a source.'
    return 0
  fi
  if [ "$MODE" = verify ]; then
    hint='Copy it: run the mirror without the mode verify.'
    return 0
  fi
  missing=yes
}

# Copies the image, and asks the target for it.
bring_image() {
  begin_attempt
  if is_closed "$target" "$target_auth" || is_closed "$source" "$source_auth"; then return 0; fi
  scopes_of "$target" "$target_auth"
  echo "$folder_scope" >"$dir/copying" || :
  if image_is_there; then
    [ "$copy_began" = - ] && arrived=skipped || arrived=copied
  else
    copy_image || return 0
    arrived=copied
  fi
  [ "$artifacts" = - ] || progress "copying its signatures and attestations from ${source%%/*}"
  ! for_artifacts bring || result=$arrived
}

# Whether only artifacts of the image are to be copied.
image_is_there() {
  [ "$artifacts" != - ] && [ -e "$work/image-$number" ]
}

copy_image() {
  progress "copying from ${source%%/*}"
  copy_began=yes
  if [ "$platforms" = - ]; then
    copy_digest all "$wanted" "$target" || { explain_copy; return 1; }
  else
    copy_platforms || return 1
  fi
  ask_after_copy "$target" || return 1
  if [ "$found" = "$wanted" ]; then
    class='' error=''
    return 0
  fi
  class='digest-not-preserved' error="after the copy the registry has $found at this tag, not $wanted"
  hint="${target%%/*} changed the image, or something between changed it: nothing of it is to be trusted."
  return 1
}

# Copies an index as it is, but of the manifests that it names only those of the chosen platforms. The index comes last:
# where it is, at a tag that names the platforms, all of them are. What is no index is copied whole.
copy_platforms() {
  repository_of "$target"
  target_repository=$repository some=''
  for platform in $(echo "$platforms" | tr , ' '); do
    if ! find_manifest; then
      explain source
      [ "$class" = no-platform ] || return 1
      lacks="$lacks${lacks:+,}\"$platform\""
      continue
    fi
    some=yes manifest=$found
    [ "$manifest" != "$wanted" ] || break
    copy_digest all "$manifest" "$target_repository@$manifest" || { explain_copy; return 1; }
    ask_after_copy "$target_repository@$manifest" || return 1
  done
  [ -n "$some" ] || return 1
  list=index-only
  [ "$manifest" != "$wanted" ] || list=all
  copy_digest "$list" "$wanted" "$target" && return
  explain_copy
  [ "$class-$list" != refused-index-only ] || hint="$at refuses an index of which platforms are missing: write platforms: all."
  return 1
}

# Sets found to the digest of what was just pushed. Some registries take a moment to show what they took.
ask_after_copy() {
  inspect "$1" "$target_auth" && return
  explain target
  [ "$class" != not-found ] || retry=yes
  return 1
}

# Sets found to the digest of the manifest that is for a platform, in what wanted names: the last that skopeo asks for.
find_manifest() {
  repository_of "$source"
  architecture=${platform#*/}
  set -- --override-os "${platform%%/*}" --override-arch "${architecture%%/*}"
  case $architecture in */*) set -- "$@" --override-variant "${architecture#*/}" ;; esac
  inspect "$repository@$wanted" "$source_auth" --config "$@" || return 1
  found=''
  while IFS= read -r line; do
    case $line in *'level=debug msg="GET '*"/manifests/sha256:"*) found=sha256:${line##*/manifests/sha256:} ;; esac
  done <"$dir/log"
  found=${found%\"}
  [ ${#found} -eq 71 ]
}

# Copies what a digest of the source's repository names.
#   copy_digest all|index-only DIGEST TARGET
copy_digest() {
  repository_of "$source"
  copy "$repository@$2" "$3" --multi-arch "$1"
}
