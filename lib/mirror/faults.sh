# shellcheck shell=sh
# Part of mirror.sh and of load.sh: what went wrong, by what skopeo and the registries say; whether to try again, and what
# to do about it. faults.tsv beside it has the words of each version; a test compares.
#
# Who uses it sets what skopeo.sh wants, source, target and attempt, the longest waits (SKOPEO_WAIT, LONGEST_WAIT), and
# what a hint says of a login, a CA and plain HTTP (LOGIN_HELP, CA_HELP, INSECURE_HELP).

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
  # The target's helper has answered before: the target was asked first.
  if [ "$overdue" = helper ] && [ "$source" != bundle ]; then at=${source%%/*} side=source; fi
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
  error='' cause='' limited=''
  # A registry may answer with a text of any length.
  cut -c 1-2000 "$dir/log" >"$dir/lines" || :
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      *'level=debug msg="Upload of manifest list type '*) cause=${line##*' failed: '} ;;
      *'level=debug msg="Too many requests to '*) limited=' (Too Many Requests)' ;;
      *level=fatal*) error=${line#*msg=} ;;
      time=*) ;;
      ?*) error=$line ;;
    esac
  done <"$dir/lines"
  read_retry_after <"$dir/lines"
  # The first reason is the real one: skopeo goes on to try another format, and says only why that cannot be.
  case $error in
    *'Manifest list must be converted'* | *'Manifest list was edited'*) error=${cause:-$error} ;;
  esac
  error=${error#\"}
  error=${error%\"}
  # skopeo drops the status of a 4xx answer whose code it does not know.
  case $error in *': unknown: '*) error=$error$limited ;; esac
  case $error in *[!\ -~]*) error=$(printf '%s' "$error" | tr '\n\t' '  ' | tr -cd '\40-\176') ;; esac
  without_logins
  without_escapes
  without_queries
  [ ${#error} -le 600 ] || error=$(printf '%s' "$error" | cut -c 1-600)
  if [ "$overdue" = helper ]; then
    error="a credential helper did not answer within $QUESTION_SECONDS seconds"
  elif [ -n "$overdue" ]; then
    error="skopeo was still running after its time limit of $limit seconds"
  elif [ -z "$error" ] && [ "$retry_after" -gt "$SKOPEO_WAIT" ]; then
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

# A registry can repeat the login that it got: takes out of error what the docker configs of this image hold, and the words
# behind Basic and Bearer.
without_logins() {
  for config in "$source_auth" "$target_auth"; do
    config=$AUTH_DIR/$config/config.json
    [ -r "$config" ] || continue
    while IFS= read -r line || [ -n "$line" ]; do
      for key in auth password identitytoken; do
        rest=$line
        while :; do
          case $rest in *"\"$key\""*\"*\"*) ;; *) break ;; esac
          rest=${rest#*"\"$key\""}
          rest=${rest#*\"}
          without "${rest%%\"*}"
        done
      done
    done <"$config"
  done
  for scheme in Basic Bearer basic bearer; do
    rest=$error
    while :; do
      case $rest in *"$scheme "*) ;; *) break ;; esac
      rest=${rest#*"$scheme "}
      token=${rest%%[!A-Za-z0-9._~+/=-]*}
      [ ${#token} -lt 12 ] || without "$token"
    done
  done
}

# Takes a secret out of error. Shorter ones would be found in innocent words.
without() {
  [ ${#1} -ge 6 ] || return 0
  plain='' left=$error
  while :; do
    case $left in *"$1"*) ;; *) break ;; esac
    plain=$plain${left%%"$1"*}'***'
    left=${left#*"$1"}
  done
  error=$plain$left
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

# Sets class, retry and hint by the words of an error, which are those of skopeo 1.9 to 1.22 (containers/image 5.23 to
# 5.42) and of the registries. The order matters: a text may match more than one. What no pattern knows is tried again.
classify() {
  retry='' hint='' unreachable=''
  case $error in
    'a credential helper did not answer within '*)
      class=credential-helper
      hint="The docker config names a helper for $at (credHelpers, credsStore) that waits for something: run it by hand, or log in without it."
      ;;
    'skopeo was still running after '*)
      class=timeout retry=yes
      hint="$at is slow, or skopeo is stuck."
      ;;
    *'onfigured as immutable'* | *'tag is immutable'* | *'repository is immutable'* | *'cannot be overwritten'* | \
      *'does not allow updating'*)
      class=immutable-tag
      hint="$at has another image at this tag and does not let it be replaced: delete it there, or give the image another tag in overrides."
      ;;
    *'no space left on device'* | *'disk quota exceeded'*)
      class=disk-full retry=yes
      hint='The volume of HOME and TMPDIR is full, or the disk of the registry.'
      ;;
    *oomanyrequests* | *'oo many requests'* | *'oo Many Requests'* | *'StatusCode: 429'*)
      class=rate-limited retry=yes
      hint="$at limits the number of requests. With a login the limit may be higher; see the finding rate-budget."
      ;;
    *'HTTP status: 5'* | *'from registry 5'* | *'StatusCode: 5'* | *': 500 ('* | *': 502 ('* | *': 503 ('* | *': 504 ('* | *'service unavailable'*)
      class=server-error retry=yes
      hint="$at failed by itself: see its log."
      ;;
    *'HTTP response to HTTPS client'*)
      class=certificate
      hint="$at speaks plain HTTP. If that is intended, name it in $INSECURE_HELP."
      ;;
    *x509:* | *'look like a TLS handshake'* | *'remote error: tls:'* | *'missing client certificate'* | *'missing key '*)
      class=certificate
      hint="Give the CA of $at $CA_HELP; give a client certificate if $at asks for one."
      ;;
    *'deadline exceeded'* | *'i/o timeout'* | *'handshake timeout'* | *'timeout awaiting'* | *'Client.Timeout'* | *'imed out'*)
      class=timeout retry=yes
      hint="$at is slow or cannot be reached: a firewall or a NetworkPolicy may drop the packets."
      case $error in *'dial tcp'*) unreachable=yes ;; esac
      ;;
    *'no such host'* | *'name resolution'* | *'server misbehaving'*)
      class=dns retry=yes unreachable=yes
      hint="The name of $at cannot be resolved here."
      ;;
    *'onnection refused'* | *'no route to host'* | *'is unreachable'* | *'proxyconnect '*)
      class=connection retry=yes unreachable=yes
      hint="$at cannot be reached: it is down, the port is wrong, or a firewall, NetworkPolicy or proxy refuses the connection."
      ;;
    *'onnection reset'* | *'roken pipe'* | *': EOF'* | *'unexpected EOF'* | *'closed network connection'* | *'server closed'* | *'http2: '* | *'http: '*)
      class=connection retry=yes
      hint="The connection to $at broke; a proxy on the way may be the reason."
      ;;
    *'Digest did not match'* | *'does not match provided manifest digest'* | *'would not match destination'* | \
      *'igest invalid'* | *'provided digest did not match'* | *'reserve digests'*)
      class='digest-not-preserved'
      hint='The bytes do not have the planned digest: they were changed on the way, or the image would have to be converted.'
      ;;
    *'blob upload unknown'* | *'blob upload invalid'*)
      class=upload-lost retry=yes
      hint="$at lost an upload that was under way; behind a load balancer, all of its nodes need the same storage."
      ;;
    *'no image found in '*)
      class=no-platform
      hint='The index has no image for any of mirror.platforms.'
      ;;
    *nauthorized* | *'uthentication required'* | *'invalid username/password'* | *'StatusCode: 401'* | *'status: 401'*)
      class=unauthorized
      hint="$at does not accept the login for this $side, or needs one: $LOGIN_HELP. Harbor also answers like this if the project does not exist."
      ;;
    *': denied'* | *'the resource is denied'* | *'(Forbidden)'* | *'StatusCode: 403'* | *'status: 403'* | *'insufficient_scope'*)
      class=denied
      hint="The login for this $side does not have the permission at $at; some registries also answer like this if a project is missing or a path is too deep."
      ;;
    *'manifest blob unknown'* | *'lob unknown'* | *'manifest invalid'* | *'ame invalid'* | *'ag invalid'* | *'ize invalid'* | *unsupported* | \
      *'StatusCode: 4'[01][0235-9]* | *'status: 4'[01][0235-9]* | *'received a manifest list'* | *'ot supported'*)
      class=refused
      hint="$at does not accept or serve this image as it is: its kind of manifest, its name or its size. Artifactory also answers like this if the login may not overwrite."
      ;;
    *'anifest unknown'* | *'ame unknown'* | *'not known to registry'* | *'StatusCode: 404'* | *'(Not Found)'* | *'status: 404'* | *'ot found'*)
      class=not-found
      hint="$at does not have it: the tag or digest was removed, or the repository must be created first."
      ;;
    *': unknown: '*)
      class=refused
      hint="$at rejects the request for a reason of its own: the error ends with its words. ess-airgap preflight shows the HTTP status."
      ;;
    *'ource image rejected'* | *'rust policy'* | *'is blocked in'*)
      class=policy
      hint='The policy.json or registries.conf of the skopeo image forbids it.'
      ;;
    '')
      class=unknown retry=yes error='skopeo printed no reason'
      hint='It was killed (memory limit?), or the volume of TMPDIR is full.'
      ;;
    *)
      class=unknown retry=yes
      hint='This reason is not known to ess-airgap: the error is as skopeo printed it.'
      ;;
  esac
  if [ "$retry_after" -gt "$LONGEST_WAIT" ]; then
    hint="$at asks for no request in the next $retry_after seconds; this run waits for $LONGEST_WAIT seconds at most."
  fi
}
