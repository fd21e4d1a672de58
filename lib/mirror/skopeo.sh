# shellcheck shell=sh
# Part of mirror.sh and of load.sh: how skopeo is asked. Who uses it sets
#   dir                      a private folder, for what skopeo answers (out) and logs (log)
#   source_auth, target_auth the folder below AUTH_DIR whose config.json has the login; -: what skopeo finds itself
#   INSECURE, CERT_DIR, AUTH_DIR, TIMEOUT_SECONDS  the variables of the same names behind ESS_AIRGAP_
#   stopping                 not empty once it was told to stop; child is then the skopeo that runs

# The longest time for a question, in which skopeo asks again by itself for about 30 seconds.
QUESTION_SECONDS=60

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
  # A question is short and its answer small: without Go's garbage collector it takes a tenth less of the processor.
  # Nor does it need more than one of the processor's cores.
  GOGC=off GOMAXPROCS=1 run "$QUESTION_SECONDS" inspect "$@" || return 1
  sum=$(sha256sum <"$dir/out") || return 1
  found=sha256:${sum%% *}
}

# Copies an image, its digest staying what it is.
#   copy SOURCE TARGET OPTION...
# SOURCE is a reference, or dir: and a folder.
copy() {
  from=$1 to=$2
  shift 2
  case $from in
    dir:*) set -- "$@" "$from" "docker://$to" ;;
    *)
      set -- "$@" "docker://$from" "docker://$to"
      [ "$source_auth" = - ] || set -- --src-authfile "$AUTH_DIR/$source_auth/config.json" "$@"
      ! is_insecure "$from" || set -- --src-tls-verify=false "$@"
      ! certificates "$from" || set -- --src-cert-dir "$certificates" "$@"
      ;;
  esac
  [ "$target_auth" = - ] || set -- --dest-authfile "$AUTH_DIR/$target_auth/config.json" "$@"
  ! is_insecure "$to" || set -- --dest-tls-verify=false "$@"
  ! certificates "$to" || set -- --dest-cert-dir "$certificates" "$@"
  run "$TIMEOUT_SECONDS" copy --quiet --preserve-digests "$@"
}

# Runs skopeo for so many seconds at most, in the background, so that the shell hears a signal. Only --debug tells
# why a registry refused an index, and how long one asked to wait; explain takes just that from the log, which
# nobody else gets to see.
run() {
  limit=$1
  shift
  uptime
  skopeo --debug --command-timeout "${limit}s" "$@" >"$dir/out" 2>"$dir/log" &
  child=$! overdue=''
  echo "$child $((seconds + limit + 10))" >"$dir/pid" || :
  await "$child"
  [ ! -e "$dir/overdue" ] || read -r pid overdue <"$dir/overdue" || :
  [ -z "$overdue" ] || [ "$pid" = "$child" ] || overdue=''
  child=''
  return "$status"
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
