# shellcheck shell=sh
# Part of mirror.sh: what is known about the servers, so that not every image has to find it out by itself.
#
# It is kept in files, because every worker learns and needs it:
#   quiet-SERVER   no request before this time
#   down-SERVER    how often in a row the server could not be reached, and when that was last counted
#   works-SCOPE    an image arrived in this scope
#   refused-SCOPE  the images that were refused in this scope, a line each; refusal-SCOPE has the cause, as below
#   worker-*/copying  the scope that a worker copies into, as long as it does
#   closed-SCOPE   no image of this scope is tried any more; four lines: retry, class, hint, error
# A scope is SERVER, or SERVER,AUTH or SERVER,AUTH,FOLDER. No reference has a comma.

# Asks each target one question before the queue starts: whether it is up, and whether it accepts the login.
ask_targets() {
  dir=$work/first
  mkdir "$dir"
  while read -r number target target_auth && [ -z "$stopping" ]; do
    attempt=1
    while ask_target && [ -z "$stopping" ]; do
      uptime
      double_pause "$RETRY_SECONDS" "$attempt"
      echo "mirror.sh: ${target%%/*} does not answer: $class. $error. Attempt $attempt of $ATTEMPTS failed; again in $pause s" >&2 || :
      attempt=$((attempt + 1))
      sleep_until $((seconds + pause))
    done
  done <"$work/servers"
}

# Whether to ask again.
ask_target() {
  inspect "$target" "$target_auth" && return 1
  [ -z "$stopping" ] || return 1
  explain target
  case $class in
    unauthorized)
      # Only this repository, or all of them?
      case $error in
        *'access repository'* | *'equested access'*) return 1 ;;
      esac
      close "${target%%/*},$target_auth"
      ;;
    credential-helper) close "${target%%/*},$target_auth" ;;
    certificate | policy) close "${target%%/*}" ;;
    connection | dns | timeout | server-error)
      [ "$retry" != yes ] || [ "$attempt" -ge "$ATTEMPTS" ] || return 0
      close "${target%%/*}"
      ;;
  esac
  return 1
}

# Whether no image of this reference is tried any more; then sets class, retry, hint and error.
#   is_closed REFERENCE AUTH
is_closed() {
  scopes_of "$1" "$2"
  for scope in "$server_scope" "$login_scope" "$folder_scope"; do
    [ -e "$work/closed-$scope" ] || continue
    { read -r retry && read -r class && read -r hint && read -r error; } <"$work/closed-$scope" || continue
    retry=${retry#-}
    closed=yes
    return 0
  done
  return 1
}

#   close SCOPE
close() {
  keep_cause "closed-$1"
}

# Nobody reads half a file: it has its name only once it is whole.
keep_cause() {
  printf '%s\n' "${retry:--}" "$class" "$hint" "$error" >"$work/cause-$number" || return 0
  mv "$work/cause-$number" "$work/$1" || :
}

# Sets the scopes that an image belongs to by one of its references.
scopes_of() {
  folder=${1#*/}
  server_scope=${1%%/*}
  login_scope=$server_scope,$2
  folder_scope=$login_scope,${folder%%/*}
}

# Takes note of how an attempt ended.
learn() {
  [ -z "$closed" ] || return 0
  if [ "$result" != failed ]; then
    note_answer "${target%%/*}"
    scopes_of "$target" "$target_auth"
    [ "$result" != copied ] || : >"$work/works-$folder_scope" || :
  elif [ "$unreachable" = yes ]; then
    note_unreachable
  elif [ "$class" = certificate ]; then
    close "$at"
  elif [ "$class-$side" = credential-helper-source ]; then
    close "$at,$source_auth"
  else
    note_answer "$at"
    [ "$class" != unauthorized ] && [ "$class" != denied ] || [ -n "$retry" ] || note_refusal
  fi
}

# A login that is refused as such is refused for all images. Permission to push usually is for a whole project: after the
# refusal of three images in a project no other is begun there before it is known whether one of those under way arrives.
note_refusal() {
  if [ "$side" = source ]; then
    case $error in *'invalid username/password'*) close "$at,$source_auth" ;; esac
    return 0
  fi
  scopes_of "$target" "$target_auth"
  [ "$copy_began" != - ] || return 0
  keep_cause "refusal-$folder_scope"
  echo "$number" >>"$work/refused-$folder_scope" || :
}

# Whether three images were refused in the project of this one, and others are still under way there. When the last of
# them was refused, too, the project is closed.
is_undecided() {
  scopes_of "$target" "$target_auth"
  if [ ! -e "$work/refused-$folder_scope" ] || [ -e "$work/works-$folder_scope" ] || [ -e "$work/closed-$folder_scope" ]; then
    return 1
  fi
  { read -r _ && read -r _ && read -r _; } <"$work/refused-$folder_scope" || return 1
  for copying in "$work"/worker-*/copying; do
    read -r scope <"$copying" || continue
    [ "$scope" != "$folder_scope" ] || return 0
  done
  [ -e "$work/works-$folder_scope" ] || mv "$work/refusal-$folder_scope" "$work/closed-$folder_scope" || :
  return 1
}

# After some attempts in a row, without any answer between, a server is taken for down.
note_unreachable() {
  down=0 counted=0
  [ ! -e "$work/down-$at" ] || read -r down counted <"$work/down-$at" || :
  # Workers that asked at the same time found out the same.
  [ "$began" -ge "$counted" ] || return 0
  uptime
  down=$((down + 1))
  echo "$down $hundredths" >"$work/down-$at" || :
  [ "$down" -gt 1 ] || return 0
  double_pause "$RETRY_SECONDS" "$down"
  echo $((seconds + pause)) >"$work/quiet-$at" || :
  if [ "$down" -ge "$ATTEMPTS" ] && [ "$down" -ge 3 ]; then close "$at"; fi
}

note_answer() {
  [ ! -e "$work/down-$1" ] || echo "0 0" >"$work/down-$1" || :
}

# Whether it is too early for this image: for itself, or because one of its servers wants to be left alone.
must_wait() {
  for server in "${source%%/*}" "${target%%/*}"; do
    [ -e "$work/quiet-$server" ] || continue
    read -r quiet_until <"$work/quiet-$server" || continue
    [ "$quiet_until" -le "$not_before" ] || not_before=$quiet_until
  done
  uptime
  if is_undecided; then not_before=$((seconds + 1)); fi
  [ "$seconds" -lt "$not_before" ]
}
