# shellcheck shell=sh
# Part of mirror.sh: the result of each image, written down as it comes; the progress, the summary and the termination
# message that are made of them.

# The JSON line of an image, and what the summary is made of.
report() {
  case $result-$retry in failed-yes) kind=transient ;; failed-*) kind=permanent ;; *) kind=- ;; esac
  printf '%s %s %s %s %s: %s\n' "$number" "$result" "$kind" "${class:--}" "$target" "${error:--}" >&6 || return 0
  more=$(printf '"source":"%s","attempts":%d,"seconds":%d.%d' \
    "${source#-}" "$attempt" "$((spent / 100))" "$((spent / 10 % 10))")
  [ -z "$lacks" ] || more="$more,\"lacks\":[$lacks]"
  print_result || lose_output
}

# Nobody reads the report any more, or it has no room: there is no point in going on unseen.
lose_output() {
  [ ! -e "$work/lost-output" ] || return 0
  : >"$work/lost-output" || :
  echo 'mirror.sh: the report cannot be written to standard output, so this run stops' >&2 || :
  kill -TERM $$
}

progress() {
  printf '[%s/%s] %s %s\n' "$number" "$expected" "$target" "$1" >&2 || :
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
  print_summary || lose_output
  [ ! -e "$work/lost-output" ] || exit 1
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
