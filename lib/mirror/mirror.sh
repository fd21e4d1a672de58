#!/bin/sh
# Copies every image of the plan files into the target registry, several at once, with skopeo and coreutils alone.
#
#   sh mirror.sh PLAN...
#
# A plan file has one line an image, its fields separated by blanks, "-" for a field that is empty; lines that
# begin with # are comments. A PLAN that is a directory stands for all *.plan files in it.
#   digest source target source-auth target-auth platforms containers
#
# Every image is copied by its digest, with all its platforms or, of an index, those that the plan names, and pushed by
# tag; the digest stays what it is.
# What is there already with the right digest is skipped; what has been copied is asked for once more.
# An image without a source is the user's own: it must be there and is never copied.
#
# Standard output gets one JSON line an image, with "result" copied, skipped or failed, and a summary as the last
# line, in which expected = copied + skipped + failed. Standard error gets the progress, for people. The summary,
# failures first, also goes to /dev/termination-log where a kubelet put it.
#
# Exit code: 0 every image is there; 1 something failed that another run may mend; 2 used wrongly; 3 something
# failed, and all of it for a reason that no other run will mend. SIGTERM and SIGINT end it with a summary.
#
# Environment:
#   ESS_AIRGAP_MODE             copy (default), or verify: copy nothing, say whether everything is there
#   ESS_AIRGAP_PARALLEL         images at once (4)
#   ESS_AIRGAP_ATTEMPTS         how often an image is tried where a retry may help (5)
#   ESS_AIRGAP_RETRY_SECONDS    wait before the first retry (4); it doubles with each, with up to a half more at random
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

MODE=${ESS_AIRGAP_MODE:-copy}
PARALLEL=${ESS_AIRGAP_PARALLEL:-4}
ATTEMPTS=${ESS_AIRGAP_ATTEMPTS:-5}
RETRY_SECONDS=${ESS_AIRGAP_RETRY_SECONDS:-4}
TIMEOUT_SECONDS=${ESS_AIRGAP_TIMEOUT_SECONDS:-3600}
AUTH_DIR=${ESS_AIRGAP_AUTH_DIR:-/run/secrets/ess-airgap}
CERT_DIR=${ESS_AIRGAP_CERT_DIR:-}
INSECURE=${ESS_AIRGAP_INSECURE:-}
: "${TMPDIR:=/tmp}"
export TMPDIR

# The longest time for a question, in which skopeo asks again by itself for about 30 seconds.
QUESTION_SECONDS=60
# skopeo waits as long as a registry asks it to (Retry-After), but not longer than this; we do.
SKOPEO_WAIT=60
# Who asks for a longer wait than this is not waited for.
LONGEST_WAIT=3600
TERMINATION_LOG=/dev/termination-log

main() {
  stopping='' workers='' child=''
  trap stop TERM INT
  for plan in "$@"; do
    shift
    if [ -d "$plan" ]; then set -- "$@" "$plan"/*.plan; else set -- "$@" "$plan"; fi
  done
  check_usage "$@"
  mkdir -p "$TMPDIR" "$HOME"
  work=$(mktemp -d "$TMPDIR/ess-airgap.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  read_plans "$@" >"$work/queue"
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
  count=0
  while [ "$count" -lt "$PARALLEL" ] && [ "$count" -lt "$expected" ]; do
    count=$((count + 1))
    work_on_queue "$count" &
    workers="$workers $!"
  done
  # It ends by itself, too, when there is no more work.
  watch_waits >/dev/null 2>&1 &
  watcher=$!
  for worker in $workers; do await "$worker"; done
  kill -TERM "$watcher" 2>/dev/null || :
  report_the_rest
  summarize
}

check_usage() {
  [ $# -gt 0 ] || usage 'name at least one plan file'
  case $MODE in copy | verify) ;; *) usage "ESS_AIRGAP_MODE is $MODE; expected copy or verify" ;; esac
  for number in "$PARALLEL" "$ATTEMPTS" "$RETRY_SECONDS" "$TIMEOUT_SECONDS"; do
    case $number in '' | *[!0-9]* | 0?*) usage "\"$number\" is no number of images, attempts or seconds" ;; esac
  done
  if [ "$PARALLEL" -eq 0 ] || [ "$ATTEMPTS" -eq 0 ] || [ "$TIMEOUT_SECONDS" -eq 0 ]; then
    usage 'ESS_AIRGAP_PARALLEL, _ATTEMPTS and _TIMEOUT_SECONDS are at least 1'
  fi
  for plan in "$@"; do [ -r "$plan" ] || usage "no plan file $plan"; done
}

usage() {
  echo "mirror.sh: $1" >&2
  exit 2
}

# The images of all plans, numbered.
read_plans() {
  number=0
  for plan in "$@"; do
    while read -r line || [ -n "$line" ]; do
      case $line in '' | '#'*) continue ;; esac
      number=$((number + 1))
      printf '%s %s\n' "$number" "$line"
    done <"$plan"
  done
}

# shellcheck disable=SC2317 # the trap calls it
stop() {
  stopping=yes
  for worker in $workers; do kill -TERM "$worker" 2>/dev/null || :; done
}

# Waits for a child to its end and sets status. A signal ends a wait, not the child; one that reaches a child before
# it is fully there is lost, so it is sent until it has worked.
await() {
  status=0
  [ -n "$stopping" ] || wait "$1" || status=$?
  while kill -0 "$1" 2>/dev/null; do
    if [ -z "$stopping" ]; then
      wait "$1" || status=$?
    else
      status=143
      kill -TERM "$1" 2>/dev/null || :
      sleep 1
    fi
  done
}

# Only one worker at a time has the byte that is in the fifo. A signal ends a read, not the turn of another.
take_turn() {
  until read -r _ <&4; do :; done
}

end_turn() {
  echo >&4
}

### Workers

# Takes images from the queue until it is empty. What is to be tried again goes to the end of it, so that nobody
# waits for a retry while there is something else to do.
work_on_queue() {
  trap - EXIT INT
  trap 'stopping=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' TERM
  child=''
  dir=$work/worker-$1
  mkdir "$dir"
  while take; do
    if must_wait; then
      if [ -z "$deferred" ] && defer; then continue; fi
      sleep_until "$not_before"
    fi
    [ -z "$stopping" ] || break
    uptime
    began=$hundredths
    mirror_image
    uptime
    spent=$((spent + hundredths - began))
    # What was interrupted has no result: report_the_rest accounts for it.
    [ -z "$stopping" ] || [ "$result" != failed ] || break
    if [ "$result" = failed ] && [ "$retry" = yes ] && [ "$attempt" -lt "$ATTEMPTS" ] && [ -z "$too_long" ]; then
      plan_retry
      defer || finish
    else
      finish
    fi
  done
}

# The fields of the next image of the queue, or else of the next that is to be tried again.
take() {
  [ -z "$stopping" ] || return 1
  fresh='' deferred=''
  take_turn
  if read -r number digest source target source_auth target_auth platforms containers <&3; then
    fresh=yes attempt=1 not_before=0 spent=0 copy_began=-
  else
    while read -r attempt not_before spent copy_began \
      number digest source target source_auth target_auth platforms containers end <&5; do
      # What a full volume cut short has no end; its image has been reported.
      [ "$end" = . ] || continue
      deferred=yes
      break
    done
  fi
  end_turn
  [ -n "$fresh$deferred" ]
}

defer() {
  lost=''
  take_turn
  printf '\n%s %s %s %s %s %s %s %s %s %s %s %s .\n' "$attempt" "$not_before" "$spent" "$copy_began" \
    "$number" "$digest" "$source" "$target" "$source_auth" "$target_auth" "$platforms" "$containers" \
    >>"$work/deferred" 2>/dev/null || lost=yes
  end_turn
  [ -z "$lost" ]
}

finish() {
  progress "$result${class:+: $class. $error}"
  take_turn
  report
  end_turn
}

# Whether it is too early for this image: for itself, or because one of its servers wants to be left alone.
must_wait() {
  for server in "${source%%/*}" "${target%%/*}"; do
    [ -e "$work/quiet-$server" ] || continue
    read -r until <"$work/quiet-$server" || continue
    [ "$until" -le "$not_before" ] || not_before=$until
  done
  [ "$not_before" -gt 0 ] || return 1
  uptime
  [ "$seconds" -lt "$not_before" ]
}

sleep_until() {
  sleep $(($1 - seconds)) &
  child=$!
  await "$child"
  child=''
}

# The wait doubles with each attempt, is eight times as long for who asked for fewer requests, and differs from
# image to image, so that they do not all come back at once. Who says how long to wait is not asked earlier.
plan_retry() {
  pause=$RETRY_SECONDS doublings=1
  [ "$class" != rate-limited ] || pause=$((pause * 8))
  while [ "$doublings" -lt "$attempt" ]; do pause=$((pause * 2)) doublings=$((doublings + 1)); done
  [ "$retry_after" -le "$pause" ] || pause=$((retry_after + 1))
  [ "$class" != rate-limited ] || echo "$((seconds + pause))" >"$work/quiet-$at" || :
  pause=$((pause + pause * ((hundredths + number * 37) % 100) / 200))
  not_before=$((seconds + pause))
  progress "attempt $attempt of $ATTEMPTS failed: $class. $error. Again in $pause s"
  attempt=$((attempt + 1))
}

# The time since the system's start; without /proc, by the clock. No process is started for it.
uptime() {
  if [ -r /proc/uptime ] && read -r now _ </proc/uptime; then
    seconds=${now%.*}
    # A leading 1, lest 08 be taken for an octal number.
    now=1${now#*.}
    hundredths=$((seconds * 100 + now - 100))
  else
    seconds=$(date +%s)
    hundredths=$((seconds * 100))
  fi
}

### One image

# Makes one attempt. Sets result to copied, skipped or failed; where it failed, also what explain sets.
mirror_image() {
  result=failed retry='' too_long='' class='' error='' hint='' lacks=''
  wanted=$digest
  if [ "$wanted" = - ] && [ "$source" != - ] && [ "$MODE" = copy ]; then
    # No digest was planned: what the tag is now is what gets copied, whatever it becomes meanwhile.
    inspect "$source" "$source_auth" || { explain source; return 0; }
    wanted=$found
  fi
  if inspect "$target" "$target_auth"; then
    if [ "$found" = "$wanted" ] || [ "$wanted" = - ]; then
      result=skipped
      # An answer that was lost: an earlier attempt of this run brought the image after all.
      [ "$copy_began" = - ] || result=copied
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
    hint='Run the mirror with mode copy.'
    return 0
  fi
  progress "copying from ${source%%/*}"
  copy_began=yes
  if [ "$platforms" = - ]; then
    copy all "$wanted" "$target" || { explain_copy; return 0; }
  else
    copy_platforms || return 0
  fi
  if ! inspect "$target" "$target_auth"; then
    explain target
    # Some registries take a moment to show what they took.
    [ "$class" != not-found ] || retry=yes
    return 0
  fi
  if [ "$found" = "$wanted" ]; then
    result=copied class='' error=''
    return 0
  fi
  class='digest-not-preserved' error="after the copy the registry has $found at this tag, not $wanted"
  hint="${target%%/*} changed the image, or something between changed it: nothing of it is to be trusted."
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
    copy all "$manifest" "$target_repository@$manifest" || { explain_copy; return 1; }
    inspect "$target_repository@$manifest" "$target_auth" || { explain target; return 1; }
  done
  [ -n "$some" ] || return 1
  list=index-only
  [ "$manifest" != "$wanted" ] || list=all
  copy "$list" "$wanted" "$target" && return
  explain_copy
  [ "$class-$list" != refused-index-only ] || hint="$at refuses an index of which platforms are missing: write platforms: all."
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

# Sets found to the digest of what a reference names: that of the manifest's very bytes (OCI image specification,
# "Digests"), not what a header says of them.
#   inspect REFERENCE AUTH OPTION...
inspect() {
  reference=$1 auth=$2
  shift 2
  set -- --raw "$@" "docker://$reference"
  [ "$auth" = - ] || set -- --authfile "$AUTH_DIR/$auth/config.json" "$@"
  ! is_insecure "$reference" || set -- --tls-verify=false "$@"
  ! certificates "$reference" || set -- --cert-dir "$certificates" "$@"
  run "$QUESTION_SECONDS" inspect "$@" || return 1
  sum=$(sha256sum <"$dir/out") || return 1
  found=sha256:${sum%% *}
}

# Copies what a digest of the source's repository names.
#   copy all|index-only DIGEST TARGET
copy() {
  repository_of "$source"
  set -- --multi-arch "$1" --preserve-digests "docker://$repository@$2" "docker://$3"
  [ "$source_auth" = - ] || set -- --src-authfile "$AUTH_DIR/$source_auth/config.json" "$@"
  [ "$target_auth" = - ] || set -- --dest-authfile "$AUTH_DIR/$target_auth/config.json" "$@"
  ! is_insecure "$source" || set -- --src-tls-verify=false "$@"
  ! is_insecure "$target" || set -- --dest-tls-verify=false "$@"
  ! certificates "$source" || set -- --src-cert-dir "$certificates" "$@"
  ! certificates "$target" || set -- --dest-cert-dir "$certificates" "$@"
  run "$TIMEOUT_SECONDS" copy --quiet "$@"
}

# Runs skopeo for so many seconds at most, in the background, so that the shell hears a signal. Only --debug tells
# why a registry refused an index, and how long one asked to wait; explain takes just that from the log, which
# nobody else gets to see.
run() {
  limit=$1
  shift
  skopeo --debug --command-timeout "${limit}s" "$@" >"$dir/out" 2>"$dir/log" &
  child=$!
  echo "$child" >"$dir/pid" || :
  await "$child"
  child=''
  return "$status"
}

# Ends a skopeo that was asked to wait for longer than it will: it would ask again too early, up to four times. The
# worker waits instead.
watch_waits() {
  trap - EXIT INT TERM
  while sleep 5 && [ -d "$work" ]; do
    for log in "$work"/worker-*/log; do
      [ -r "$log" ] || continue
      read -r pid <"${log%/log}/pid" || continue
      read_retry_after <"$log"
      read -r same_pid <"${log%/log}/pid" || continue
      if [ "$retry_after" -gt "$SKOPEO_WAIT" ] && [ "$pid" = "$same_pid" ]; then
        kill -TERM "$pid" 2>/dev/null || :
      fi
    done
  done
}

is_insecure() {
  case " $INSECURE " in *" ${1%%/*} "*) return 0 ;; *) return 1 ;; esac
}

certificates() {
  [ -n "$CERT_DIR" ] || return 1
  certificates=$CERT_DIR/${1%%/*}
  [ -d "$certificates" ] || certificates=$CERT_DIR/default
  [ -d "$certificates" ]
}

# Sets repository to a reference without its tag and digest. A colon counts only behind the last slash: registries have ports.
repository_of() {
  repository=${1%%@*}
  case ${repository##*/} in *:*) repository=${repository%:*} ;; esac
}

### What went wrong

# Sets error, class, retry and hint from what skopeo logged last, and at to the server that it is about.
explain() {
  if [ "$1" = source ]; then at=${source%%/*} side=source; else at=${target%%/*} side=target; fi
  read_log
  classify
}

# The same for a copy, which may have failed on either side.
explain_copy() {
  read_log
  at=${target%%/*} side=target
  case $error in
    *'initializing source'* | *'eading manifest '* | *'eading blob '* | *'etching blob'* | *'eading config '*)
      at=${source%%/*} side=source
      ;;
    *"${target%%/*}"*) ;;
    *"${source%%/*}"*) at=${source%%/*} side=source ;;
  esac
  classify
  # skopeo keeps a token for as long as it was said to be good. Where the registry had accepted one before, a
  # refusal may mean that it expired early; the next attempt asks for a new one.
  [ "$class" = unauthorized ] || return 0
  case $error in
    *'initializing source'*) ;;
    # The first requests to a target: the token expired, or the credential lacks the right to push. Once more tells.
    *'checking whether a blob'* | *'initiating layer upload'*) [ "$attempt" -gt 1 ] || retry=yes ;;
    *) class=token-expired retry=yes ;;
  esac
}

read_log() {
  error='' cause=''
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      *'level=debug msg="Upload of manifest list type '*) cause=${line##*' failed: '} ;;
      *level=fatal*) error=${line#*msg=} ;;
      time=*) ;;
      ?*) error=$line ;;
    esac
  done <"$dir/log"
  read_retry_after <"$dir/log"
  # The first reason is the real one: skopeo goes on to try another format, and says only why that cannot be.
  case $error in
    *'Manifest list must be converted'* | *'Manifest list was edited'*) error=${cause:-$error} ;;
  esac
  error=${error#\"}
  error=${error%\"}
  case $error in *[!\ -~]*) error=$(printf '%s' "$error" | tr '\n\t' '  ' | tr -cd '\40-\176') ;; esac
  [ ${#error} -le 2000 ] || error=$(printf '%s' "$error" | cut -c 1-2000)
  without_escapes
  without_queries
  [ ${#error} -le 600 ] || error=$(printf '%s' "$error" | cut -c 1-600)
  if [ -z "$error" ] && [ "$retry_after" -gt "$SKOPEO_WAIT" ]; then
    error="too many requests: asked to wait $retry_after seconds"
  fi
}

# Sets retry_after to the seconds that a registry asked to wait, by the log on standard input; 0 where it did not
# ask, or named a date, which is left to skopeo.
read_retry_after() {
  retry_after=0
  while IFS= read -r line; do
    case $line in *"Detected 'Retry-After' header"*) retry_after=${line##*'header '} ;; esac
  done
  retry_after=${retry_after#??}
  retry_after=${retry_after%???}
  case $retry_after in '' | *[!0-9]* | 0?* | ???????*) retry_after=0 ;; esac
}

# What JSON would have to escape: a double quote becomes a single one, a backslash goes. "Not there" is what every image
# of a first run hears, so it costs no process.
without_escapes() {
  plain='' left=$error
  while :; do
    case $left in *[\"\\]*) ;; *) break ;; esac
    part=${left%%[\"\\]*}
    left=${left#"$part"}
    plain=$plain$part
    case $left in \"*) plain=$plain\' ;; esac
    left=${left#?}
  done
  error=$plain$left
}

# Queries of URLs may hold signatures and account names.
without_queries() {
  plain='' left=$error
  while :; do
    case $left in *\?*) ;; *) break ;; esac
    plain=$plain${left%%\?*}
    left=${left#*\?}
    query=${left%%[\'\ ]*}
    left=${left#"$query"}
    # What comes behind a URL is set off by a colon.
    case $query in *:) plain=$plain: ;; esac
  done
  error=$plain$left
}

# The class of an error, by the words of skopeo 1.9 to 1.22 (containers/image 5.23 to 5.42) and of the registries.
# The order matters: a text may match more than one. Whatever is not known is tried again.
classify() {
  retry='' hint='' too_long=''
  case $error in
    *'onfigured as immutable'* | *'tag is immutable'* | *'repository is immutable'* | *'cannot be overwritten'* | \
      *'does not allow updating'*)
      class=immutable-tag
      hint="$at holds another image at this tag and does not let it be replaced: delete it there, or give the image another tag in overrides."
      ;;
    *'no space left on device'* | *'disk quota exceeded'*)
      class=disk-full retry=yes
      hint='The volume of HOME and TMPDIR is full, or that of the registry.'
      ;;
    *oomanyrequests* | *'oo many requests'* | *'oo Many Requests'* | *'StatusCode: 429'*)
      class=rate-limited retry=yes
      hint="$at answers no more for now. A credential for it may have a larger quota; see the finding rate-budget."
      ;;
    *'HTTP status: 5'* | *'from registry 5'* | *'StatusCode: 5'* | *': 500 ('* | *': 502 ('* | *': 503 ('* | *': 504 ('* | *'service unavailable'*)
      class=server-error retry=yes
      hint="$at has a problem of its own: its log knows more."
      ;;
    *x509:* | *'look like a TLS handshake'* | *'HTTP response to HTTPS client'* | *'remote error: tls:'* | *'missing client certificate'* | \
      *'missing key '*)
      class=certificate
      hint="Give the CA of $at in mirror.caBundle, or a client certificate where it asks for one; mirror.insecure only for plain HTTP by choice."
      ;;
    *'deadline exceeded'* | *'i/o timeout'* | *'handshake timeout'* | *'timeout awaiting'* | *'Client.Timeout'* | *'imed out'*)
      class=timeout retry=yes
      hint="$at is slow or not reachable; a firewall or NetworkPolicy may drop the packets."
      ;;
    *'no such host'* | *'name resolution'* | *'server misbehaving'*)
      class=dns retry=yes
      hint="The name of $at is not known where this runs."
      ;;
    *'onnection reset'* | *'onnection refused'* | *'roken pipe'* | *': EOF'* | *'unexpected EOF'* | *'no route to host'* | *'is unreachable'* | \
      *'closed network connection'* | *'server closed'* | *'http2: '* | *'http: '* | *'proxyconnect '*)
      class=connection retry=yes
      hint="The connection to $at broke or is refused; a proxy between may be the reason."
      ;;
    *'Digest did not match'* | *'does not match provided manifest digest'* | *'would not match destination'* | \
      *'igest invalid'* | *'provided digest did not match'* | *'reserve digests'*)
      class='digest-not-preserved'
      hint='The bytes are not those of the digest: somebody changed them on the way, or the image would have to be converted.'
      ;;
    *'blob upload unknown'* | *'blob upload invalid'*)
      class=upload-lost retry=yes
      hint="$at lost an upload that was under way; behind a load balancer, all of its nodes need the same storage."
      ;;
    *'no image found in '*)
      class=no-platform
      hint='The index names no image for any of mirror.platforms.'
      ;;
    *nauthorized* | *'uthentication required'* | *'invalid username/password'* | *'StatusCode: 401'* | *'status: 401'*)
      class=unauthorized
      hint="$at refuses the credential of this $side, or wants one: see mirror.auth. Harbor also says so where the project does not exist."
      ;;
    *': denied'* | *'the resource is denied'* | *'(Forbidden)'* | *'StatusCode: 403'* | *'status: 403'* | *'insufficient_scope'*)
      class=denied
      hint="The credential of this $side does not allow it at $at; some registries also say so where a project is missing or a path is too deep."
      ;;
    *'manifest blob unknown'* | *'lob unknown'* | *'manifest invalid'* | *'ame invalid'* | *'ag invalid'* | *'ize invalid'* | *unsupported* | \
      *'StatusCode: 4'[01][0235-9]* | *'status: 4'[01][0235-9]* | *'received a manifest list'* | *'ot supported'*)
      class=refused
      hint="$at does not take or give this image as it is: its kind of manifest, its name, its size. On Artifactory also where the credential may not overwrite."
      ;;
    *'anifest unknown'* | *'ame unknown'* | *'not known to registry'* | *'StatusCode: 404'* | *'(Not Found)'* | *'status: 404'* | *'ot found'*)
      class=not-found
      hint="$at does not have it: the tag or digest was removed, or the repository must be created first."
      ;;
    *'ource image rejected'* | *'rust policy'* | *'is blocked in'*)
      class=policy
      hint="The policy.json or registries.conf of the skopeo image forbids it."
      ;;
    '')
      class=unknown retry=yes error='skopeo said nothing'
      hint='It was killed (memory limit?), or the volume of TMPDIR is full.'
      ;;
    *) class=unknown retry=yes ;;
  esac
  if [ "$retry_after" -gt "$LONGEST_WAIT" ]; then
    too_long=yes
    hint="$at wants no request for $retry_after seconds; this waits $LONGEST_WAIT at most."
  fi
}

### Reports

# The JSON line of an image, and what the summary is made of.
report() {
  case $result-$retry in failed-yes) kind=transient ;; failed-*) kind=permanent ;; *) kind=- ;; esac
  list=''
  old_ifs=$IFS IFS=,
  for container in $containers; do list="$list${list:+,}\"$container\""; done
  IFS=$old_ifs
  printf '%s %s %s %s %s: %s\n' "$number" "$result" "$kind" "${class:--}" "$target" "${error:--}" >&6 || return 0
  printf '{"image":"%s","digest":"%s","source":"%s","containers":[%s],"result":"%s","attempts":%d,"seconds":%d.%d' \
    "$target" "${wanted#-}" "${source#-}" "$list" "$result" "$attempt" "$((spent / 100))" "$((spent / 10 % 10))"
  [ -z "$lacks" ] || printf ',"lacks":[%s]' "$lacks"
  if [ "$result" = failed ]; then
    printf ',"failure":"%s","class":"%s","error":"%s","hint":"%s"' "$kind" "$class" "$error" "$hint"
  fi
  echo '}'
}

progress() {
  printf '[%s/%s] %s %s\n' "$number" "$expected" "$target" "$1" >&2
}

# What has no result when all workers have ended: they were told to stop, or did not live to tell.
report_the_rest() {
  reported=' '
  while read -r number _ && [ -n "$number" ]; do reported="$reported$number "; done <"$work/results"
  result=failed retry=yes class=interrupted attempt=0 spent=0 lacks=''
  error='the mirror was stopped before this image was done'
  hint='Run it again: what is there already is not copied again.'
  while read -r number digest source target source_auth target_auth platforms containers; do
    case $reported in *" $number "*) continue ;; esac
    wanted=$digest
    report
  done <"$work/queue"
}

summarize() {
  copied=0 skipped=0 permanent=0
  while read -r number result kind _ && [ -n "$number" ]; do
    case $result-$kind in
      copied-*) copied=$((copied + 1)) ;;
      skipped-*) skipped=$((skipped + 1)) ;;
      *-permanent) permanent=$((permanent + 1)) ;;
    esac
  done <"$work/results"
  # What could not even be written down did not succeed.
  failed=$((expected - copied - skipped))
  if [ -f "$TERMINATION_LOG" ] && [ -w "$TERMINATION_LOG" ]; then
    write_termination_log >"$TERMINATION_LOG" || :
  fi
  printf '{"expected":%d,"copied":%d,"skipped":%d,"failed":%d}\n' "$expected" "$copied" "$skipped" "$failed"
  [ "$failed" -gt 0 ] || exit 0
  [ "$permanent" -lt "$failed" ] || exit 3
  exit 1
}

# Kubernetes keeps 4096 bytes of it: what no retry will mend first.
write_termination_log() {
  text="$failed of $expected images failed, $copied copied, $skipped skipped"
  echo "$text"
  size=${#text} left=$failed
  for wanted_kind in permanent transient; do
    while read -r number _ kind what && [ -n "$number" ]; do
      [ "$kind" = "$wanted_kind" ] || continue
      size=$((size + ${#what} + 1))
      [ "$size" -lt 4000 ] || break
      echo "$what"
      left=$((left - 1))
    done <"$work/results"
  done
  [ "$left" -eq 0 ] || echo "... and $left more: see the log"
}

main "$@"
