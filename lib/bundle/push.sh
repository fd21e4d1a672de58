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
  ask_for_absent
  copied=0 skipped=0 failed=0 expected=0 target='' answered='' no_answer=''
  while read -r kind a b c d e <&3; do
    case $kind in
      image)
        push_image
        begin "$a" "$d" "$e"
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
        push_image
        begin "$a" "$b" "$c"
        expect_own
        ;;
      end) push_image ;;
    esac
  done 3<"$work/load.plan"
  print_summary "\"copied\":$copied,\"skipped\":$skipped,\"failed\":$failed" || unread
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

# Prints what would be pushed.
print_plan() {
  images=0
  while read -r kind a b c d _; do
    case $kind in
      image)
        images=$((images + 1))
        echo "push    $d@$a"
        ;;
      own) echo "expect  $b" ;;
    esac
  done <"$work/load.plan"
  echo "$images images would be pushed, except those that are in the registry with their digest"
}

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

# Sets result to skipped if the image is in the registry; otherwise its files are to be linked, and pushed.
begin() {
  wanted=$1 target=$2 containers=$3 result='' error='' class='' retry='' hint='' more='' sparse='' platforms=''
  [ "$containers" != - ] || containers=''
  expected=$((expected + 1))
  rm -rf "$work/view"
  mkdir "$work/view"
  if [ -n "$no_answer" ]; then
    result=failed class=$no_answer error=$no_answer_error hint=$no_answer_hint
  elif inspect "$target" -; then
    answered=yes
    if [ "$found" = "$wanted" ] || [ "$wanted" = - ]; then result=skipped; fi
  else
    found=''
    [ -n "$answered" ] || require_answer
  fi
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
          no_answer=$class no_answer_error=$error no_answer_hint=$hint
          result=failed
          return 0
        fi
        ;;
    esac
    [ -z "$answered" ] || break
  done
  class='' error='' hint='' retry=''
  if [ "$found" = "$wanted" ] || [ "$wanted-${found:+yes}" = --yes ]; then result=skipped; fi
}

# Lays a file into the view, which is a folder as skopeo's transport dir: reads it.
link() {
  [ -n "$result" ] || [ -e "$1" ] || ln -s "$2" "$1"
}

link_blob() {
  [ -z "$result" ] || return 0
  [ ! -e "$work/view/$1" ] || return 0
  paths=0
  while IFS= read -r path; do paths=$((paths + 1)); done <"$work/checked/$1"
  if [ "$paths" -eq 1 ]; then
    IFS= read -r path <"$work/checked/$1"
    ln -s "$path" "$work/view/$1"
    return 0
  fi
  if ! (while IFS= read -r path; do cat "$path" || exit 1; done <"$work/checked/$1" >"$work/view/$1"); then
    result=failed class=disk-full retry=yes error="the pieces of sha256:$1 could not be put together in ${TMPDIR:-/tmp}"
    hint='Set TMPDIR to a folder with room for the largest layer.'
    return 0
  fi
  sum=$(sha256sum <"$work/view/$1")
  [ "${sum%% *}" = "$1" ] || {
    result=failed class=damaged error="the pieces of sha256:$1 have changed since they were verified"
    hint='Do not trust the medium. Copy the bundle to another one.'
  }
}

# The manifests of the chosen platforms come first and the index last: if its tag is there, all of them are.
push_platforms() {
  list=index-only
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
  [ -z "$result" ] || return 0
  result=failed
  if [ -z "$found" ]; then explain target; else class=wrong-digest error="the registry has $found at this tag"; fi
  hint='Push it yourself, or give its override a source.'
  error="this image of your own is not in the registry: $error"
}

# Pushes the image that was begun, if any, and reports it.
push_image() {
  [ -n "$target" ] || return 0
  if [ -z "$result" ]; then
    result=failed list=all
    say "pushing $target"
    if [ -n "$sparse" ] && ! push_platforms; then
      :
    elif ! copy "dir:$work/view" "$target" --multi-arch "$list" --retry-times 3; then
      explain_copy
      [ "$class-$list" != refused-index-only ] ||
        hint="$at refuses an index of which platforms are missing: make the bundle with platforms: all."
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
