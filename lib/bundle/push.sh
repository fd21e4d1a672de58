# shellcheck shell=sh
# Part of load.sh and load-checked.sh: pushes the images of a bundle that has been verified, with the parts that mirror.sh
# has too. Reads in $work what check.sh leaves there. Blobs are read from the medium again; skopeo compares them with their
# digests while it pushes them.

INSECURE=${ESS_AIRGAP_INSECURE:-}
TIMEOUT_SECONDS=${ESS_AIRGAP_TIMEOUT_SECONDS:-3600}
# Certificates and logins are where skopeo finds them by itself.
CERT_DIR='' AUTH_DIR='' source_auth=- target_auth=-
# What skopeo waits for by itself; nobody here waits longer.
SKOPEO_WAIT=60
LONGEST_WAIT=60
LOGIN_HELP='log in with skopeo login'
CA_HELP='with SSL_CERT_FILE'
INSECURE_HELP=ESS_AIRGAP_INSECURE

push_bundle() {
  child='' stopping='' attempt=1 dir=$work/push source=bundle problems=0
  mkdir "$dir"
  # skopeo's own time limit does not end it while the system makes it wait for a file: a pipe that nobody writes to, or a
  # medium that fails.
  watch &
  watcher=$!
  require_index_push
  ask_for_absent
  copied=0 skipped=0 failed=0 expected=0 target='' pending='' answered='' no_answer=''
  all_artifacts=0 all_artifacts_copied=0 all_artifacts_skipped=0
  while read -r kind a b c d e <&3; do
    case $kind in
      image)
        finish_image
        begin_image "$a" "$d" "$e"
        link "$work/view/manifest.json" "$work/manifests/${a#sha256:}"
        ;;
      artifact)
        push_item
        begin_artifact "$a" "$d" "$e"
        link "$work/view/manifest.json" "$work/manifests/${a#sha256:}"
        ;;
      referrers)
        push_item
        begin_list "$a" "$d"
        link "$work/view/manifest.json" "$work/manifests/${a#sha256:}"
        ;;
      manifest)
        link "$work/view/${a#sha256:}.manifest.json" "$work/manifests/${a#sha256:}"
        platforms="$platforms $a"
        ;;
      omitted) sparse=yes ;;
      config | layer) link_blob "${a#sha256:}" ;;
      # If no older bundle is at hand, skopeo finds the layer in the registry.
      absent) [ ! -e "$work/checked/${a#sha256:}" ] || link_blob "${a#sha256:}" ;;
      own)
        finish_image
        begin_image "$a" "$b" "$c"
        expect_own
        ;;
      end) finish_image ;;
    esac
  done 3<"$work/load.plan"
  more="\"copied\":$copied,\"skipped\":$skipped,\"failed\":$failed"
  [ "$all_artifacts" -eq 0 ] || more="$more,$(artifacts_key "$all_artifacts" "$all_artifacts_copied" \
    "$all_artifacts_skipped" $((all_artifacts - all_artifacts_copied - all_artifacts_skipped)))"
  print_summary "$more" || unread
  [ "$failed" -eq 0 ] || exit 1
}

# Every way to end a run cleans up. Without a reader an output fails, instead of ending this before it has cleaned up.
end_on_signals() {
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 131' QUIT
  trap 'exit 138' USR1
  trap 'exit 140' USR2
  trap 'exit 143' TERM
  trap '' PIPE
}

# For people; that nobody reads it ends nothing.
say() {
  printf '%s\n' "$1" >&2 || :
}

# Nobody reads the report any more, or it has no room: there is no point in going on unseen.
unread() {
  say 'error: the report cannot be written to standard output, so this run stops'
  exit 1
}

# Ends what was started beside this.
end_children() {
  for process in $child $watcher; do kill -TERM "$process" 2>/dev/null || :; done
  # It writes into the folder that is to be removed.
  [ -z "$watcher" ] || wait "$watcher" 2>/dev/null || :
}

# A push shows no progress beside what it says of each image.
show_progress() { :; }

# Layers that the bundle leaves out, and that no older one has, must be in the registry: together with their image there.
ask_for_absent() {
  asked=''
  while read -r kind a _ holder <&3; do
    if [ "$kind" != absent ] || [ -e "$work/checked/${a#sha256:}" ]; then continue; fi
    if [ "$holder" != "$asked" ]; then
      asked=$holder target=$holder answer=yes
      if ! inspect "$holder" -; then
        answer=no
        explain target
        say "error: the layers that this bundle leaves out should be in $holder: $error"
        [ -z "$hint" ] || say "    $hint"
      fi
    fi
    [ "$answer" = yes ] || problems=$((problems + 1))
  done 3<"$work/load.plan"
  [ "$problems" -eq 0 ] || reject "$problems layers are neither in the registry nor in the folder of an older bundle" \
    'Load the older bundle first, or name its folder after that of this bundle.'
}

# An image is pushed first, then its artifacts, then its lists of referrers: the items of the image. Its result is known once
# all of them are in the registry, or one of them failed.
#   begin_image DIGEST TARGET CONTAINERS
begin_image() {
  wanted=$1 target=$2 containers=$3 brought='' kept_class='' skip_rest=''
  artifacts=0 artifacts_copied=0 artifacts_skipped=0
  [ "$containers" != - ] || containers=''
  expected=$((expected + 1))
  : >"$work/referrers-there"
  begin_item image "$target" "$wanted"
  if [ -z "$no_answer" ]; then
    if inspect "$target" -; then
      answered=yes
    else
      found=''
      [ -n "$answered" ] || require_answer
    fi
  fi
  if [ -n "$no_answer" ]; then
    class=$no_answer error=$no_answer_error hint=$no_answer_hint retry=$no_answer_retry
    fail_item
  elif [ "$found" != "$wanted" ] && [ "$wanted-${found:+yes}" != --yes ]; then
    pending=yes
  fi
}

# Begins an item. Its files are linked if it is pending, which means that it is to be pushed.
#   begin_item image|referrer|tagged|list PLACE DIGEST
begin_item() {
  item=$1 place=$2 item_digest=$3 pending='' sparse='' platforms=''
  rm -rf "$work/view"
  mkdir "$work/view"
}

# Keeps the first fault of an image. If it is of the image itself, or may pass, nothing else of the image is tried.
fail_item() {
  pending=''
  if [ "$item" = image ] || [ "$retry" = yes ]; then skip_rest=yes; fi
  [ "$item" != list ] || forget_referrers
  [ -z "$kept_class" ] || return 0
  case $item in
    image) ;;
    list) error=$(printf 'list of referrers %s: %.450s' "$item_digest" "$error") ;;
    *) error=$(printf 'artifact %s: %.450s' "$item_digest" "$error") ;;
  esac
  kept_class=$class kept_error=$error kept_hint=$hint kept_retry=$retry
}

# The first question tells whether the registry can be used at all: if not, no other image is tried. A registry that says
# that it has no such image, or does not show it, can be used.
require_answer() {
  for pause in 2 5 0; do
    explain target
    case $class in
      not-found | denied) answered=yes ;;
      *)
        if [ "$retry" = yes ] && [ "$pause" -gt 0 ]; then
          say "$target: $error; trying again in $pause s"
          sleep "$pause"
          ! inspect "$target" - || answered=yes
        else
          no_answer=$class no_answer_error=$error no_answer_hint=$hint no_answer_retry=$retry
          return 0
        fi
        ;;
    esac
    [ -z "$answered" ] || break
  done
}

# Lays a file into the view, which is a folder as skopeo's transport dir: reads it.
link() {
  [ -z "$pending" ] || [ -e "$1" ] || ln -s "$2" "$1"
}

link_blob() {
  [ -n "$pending" ] || return 0
  [ ! -e "$work/view/$1" ] || return 0
  paths=0
  while IFS= read -r path; do paths=$((paths + 1)); done <"$work/checked/$1"
  if [ "$paths" -eq 1 ]; then
    IFS= read -r path <"$work/checked/$1"
    ln -s "$path" "$work/view/$1"
    return 0
  fi
  if ! (while IFS= read -r path; do cat "$path" || exit 1; done <"$work/checked/$1" >"$work/view/$1"); then
    class=disk-full retry=yes error="the pieces of sha256:$1 could not be put together in ${TMPDIR:-/tmp}"
    hint='Set TMPDIR to a folder with room for the largest layer.'
    fail_item
    return 0
  fi
  sum=$(sha256sum <"$work/view/$1")
  [ "${sum%% *}" = "$1" ] || {
    class=damaged retry='' error="the pieces of sha256:$1 have changed since they were verified"
    hint='Do not trust the medium. Copy the bundle to another one.'
    fail_item
  }
}

# The manifests of the chosen platforms come first and the index last: if its tag is there, all of them are.
push_platforms() {
  multi_arch=index-only
  repository_of "$target"
  for manifest in $platforms; do
    show_manifest "$manifest"
    if ! copy "dir:$work/view" "$repository@$manifest" --retry-times 3; then
      explain_copy
      return 1
    elif ! inspect "$repository@$manifest" -; then
      explain target
      return 1
    fi
  done
  show_manifest "$wanted"
}

# Makes a manifest the one that skopeo finds in the view.
show_manifest() {
  rm -f "$work/view/manifest.json"
  ln -s "$work/manifests/${1#sha256:}" "$work/view/manifest.json"
}

expect_own() {
  [ -n "$pending" ] || return 0
  if [ -z "$found" ]; then explain target; else class=wrong-digest retry='' error="the registry has $found at this tag"; fi
  hint='Push it yourself, or give its override a source.'
  error="this image of your own is not in the registry: $error"
  fail_item
}

# Pushes the item that was begun, if it is pending.
push_item() {
  [ -n "$pending" ] || return 0
  multi_arch=all
  say "pushing $place"
  case $item$sparse in
    list) multi_arch=index-only ;;
    imageyes) push_platforms || { fail_item; return 0; } ;;
  esac
  if ! copy "dir:$work/view" "$place" --multi-arch "$multi_arch" --retry-times 3; then
    explain_copy
    case $class-$item$sparse in
      refused-imageyes) hint="$at refuses an index of which platforms are missing: make the bundle with platforms: all." ;;
      refused-referrer | refused-tagged)
        hint="$at does not accept this kind of artifact: make the bundle with mirror.artifacts: none, or signatures."
        ;;
    esac
    fail_item
  elif ! inspect "$place" -; then
    explain target
    fail_item
  elif [ "$found" != "$item_digest" ]; then
    class='digest-not-preserved' retry='' error="after the push the registry has $found here, not $item_digest"
    hint="${target%%/*} changed it, or something between changed it: do not trust it."
    fail_item
  else
    pending=''
    case $item in
      image) brought=yes ;;
      referrer | tagged) count_artifact copied ;;
    esac
  fi
}

# Pushes the last item of the image that was begun, if any, and reports the image.
finish_image() {
  [ -n "$target" ] || return 0
  push_item
  if [ -n "$kept_class" ]; then
    result=failed failed=$((failed + 1))
    class=$kept_class error=$kept_error hint=$kept_hint retry=$kept_retry
  elif [ -n "$brought" ]; then
    result=copied copied=$((copied + 1))
  else
    result=skipped skipped=$((skipped + 1))
  fi
  more=''
  [ "$artifacts" -eq 0 ] || more=$(artifacts_key "$artifacts" "$artifacts_copied" "$artifacts_skipped" \
    $((artifacts - artifacts_copied - artifacts_skipped)))
  all_artifacts=$((all_artifacts + artifacts))
  all_artifacts_copied=$((all_artifacts_copied + artifacts_copied))
  all_artifacts_skipped=$((all_artifacts_skipped + artifacts_skipped))
  print_result || unread
  target=''
}

# shellcheck source=lib/bundle/push-artifacts.sh
. "$(dirname "$0")/push-artifacts.sh"
# shellcheck source=lib/mirror/skopeo.sh
. "$(dirname "$0")/../mirror/skopeo.sh"
# shellcheck source=lib/mirror/referrers.sh
. "$(dirname "$0")/../mirror/referrers.sh"
# shellcheck source=lib/mirror/watch.sh
. "$(dirname "$0")/../mirror/watch.sh"
# shellcheck source=lib/mirror/faults.sh
. "$(dirname "$0")/../mirror/faults.sh"
# shellcheck source=lib/mirror/report.sh
. "$(dirname "$0")/../mirror/report.sh"
