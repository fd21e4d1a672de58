# shellcheck shell=sh
# Part of mirror.sh: the result of each image, written down as it comes; the progress, the summary and the termination
# message that are made of them.

# The JSON line of an image, and what the summary is made of.
report() {
  case $result-$retry in failed-yes) kind=transient ;; failed-*) kind=permanent ;; *) kind=- ;; esac
  # An image that another has saved the trouble was not tried.
  tried=$attempt
  [ -z "$closed" ] || { tried=$((attempt - 1)) error="not tried: $error"; }
  printf '%s %s %s %s %s: %s\n' "$number" "$result" "$kind" "${class:--}" "$target" "${error:--}" >&6 || return 0
  more="\"source\":\"${source#-}\",\"attempts\":$tried,\"seconds\":$((spent / 100)).$((spent / 10 % 10))"
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
  result=failed retry=yes class=interrupted attempt=0 spent=0 lacks='' closed=''
  error='the mirror was stopped before this image was done'
  hint='Run it again: what is there already is not copied again.'
  while read -r number digest source target source_auth target_auth platforms containers _; do
    case $reported in *" $number "*) continue ;; esac
    wanted=$digest
    report
  done <"$work/queue"
}

summarize() {
  copied=0 skipped=0 present=0 permanent=0 interrupted=0
  while read -r number result kind class _ && [ -n "$number" ]; do
    case $result-$kind-$class in
      copied-*) copied=$((copied + 1)) ;;
      skipped-*) skipped=$((skipped + 1)) ;;
      present-*) present=$((present + 1)) ;;
      *-permanent-*) permanent=$((permanent + 1)) ;;
      *-interrupted) interrupted=$((interrupted + 1)) ;;
    esac
  done <"$work/results"
  # A result that could not even be written down is no success.
  failed=$((expected - copied - skipped - present))
  if [ "$MODE" = copy ]; then
    counts="$copied copied, $skipped skipped"
    more="\"copied\":$copied,\"skipped\":$skipped,\"failed\":$failed"
  else
    counts="$present present"
    more="\"present\":$present,\"failed\":$failed"
  fi
  [ "$interrupted" -eq 0 ] || more="$more,\"interrupted\":$interrupted"
  if [ -f "$TERMINATION_LOG" ] && [ -w "$TERMINATION_LOG" ]; then
    write_termination_log >"$TERMINATION_LOG" || :
  fi
  print_summary "$more" || lose_output
  [ ! -e "$work/lost-output" ] || exit 1
  [ "$failed" -gt 0 ] || exit 0
  [ "$permanent" -lt "$failed" ] || exit 3
  exit 1
}

# Kubernetes keeps 4096 bytes of it: what no retry will mend first.
write_termination_log() {
  text="$failed of $expected images failed, $counts"
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
