# shellcheck shell=sh
# Part of mirror.sh: the result of each image, written down as it comes; the progress, the summary and the termination
# message that are made of them.

# The JSON line of an image, and what the summary is made of.
report() {
  case $result-$retry in failed-yes) kind=transient ;; failed-*) kind=permanent ;; *) kind=- ;; esac
  # An image that another has saved the trouble was not tried.
  tried=$attempt
  [ -z "$closed" ] || { tried=$((attempt - 1)) error="not tried: $error"; }
  count_artifacts
  printf '%s %s %s %s %s %s %s: %s\n' "$number" "$result" "$kind" "$artifacts_copied" "$artifacts_skipped" \
    "${class:--}" "$target" "${error:--}" >&6 || return 0
  more="\"source\":\"${source#-}\",\"attempts\":$tried,\"seconds\":$((spent / 100)).$((spent / 10 % 10))"
  [ -z "$lacks" ] || more="$more,\"lacks\":[$lacks]"
  [ "$artifacts" = - ] ||
    more="$more,$(artifact_counts "$artifacts_expected" "$artifacts_copied" "$artifacts_skipped" "$artifacts_failed")"
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
  while read -r number digest source target source_auth target_auth platforms containers layers artifacts; do
    case $reported in *" $number "*) continue ;; esac
    wanted=$digest
    report
  done <"$work/queue"
}

# The counts of artifacts as a key with its value; in verify mode nothing is copied.
#   artifact_counts EXPECTED COPIED SKIPPED FAILED
artifact_counts() {
  if [ "$MODE" = copy ]; then
    artifacts_key "$@"
  else
    printf '"artifacts":{"expected":%d,"present":%d,"failed":%d}' "$1" "$3" "$4"
  fi
}

summarize() {
  copied=0 skipped=0 present=0 permanent=0 interrupted=0 copied_of_all=0 skipped_of_all=0
  while read -r number result kind artifacts_copied artifacts_skipped class _ && [ -n "$number" ]; do
    copied_of_all=$((copied_of_all + artifacts_copied)) skipped_of_all=$((skipped_of_all + artifacts_skipped))
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
  if [ "$expected_artifacts" -gt 0 ]; then
    failed_of_all=$((expected_artifacts - copied_of_all - skipped_of_all))
    more="$more,$(artifact_counts "$expected_artifacts" "$copied_of_all" "$skipped_of_all" "$failed_of_all")"
    counts="$counts; artifacts: $failed_of_all of $expected_artifacts failed"
  fi
  if [ -f "$TERMINATION_LOG" ] && [ -w "$TERMINATION_LOG" ]; then
    write_termination_log >"$TERMINATION_LOG" || :
  fi
  print_summary "$more" || lose_output
  [ ! -e "$work/lost-output" ] || exit 1
  [ "$failed" -gt 0 ] || exit 0
  [ "$permanent" -lt "$failed" ] || exit 3
  exit 1
}

# Kubernetes keeps 4096 bytes of it: permanent failures first.
write_termination_log() {
  text="$failed of $expected images failed, $counts"
  echo "$text"
  size=${#text} left=$failed
  for wanted_kind in permanent transient; do
    while read -r number _ kind _ _ what && [ -n "$number" ]; do
      [ "$kind" = "$wanted_kind" ] || continue
      size=$((size + ${#what} + 1))
      [ "$size" -lt 4000 ] || break
      echo "$what"
      left=$((left - 1))
    done <"$work/results"
  done
  [ "$left" -eq 0 ] || echo "... and $left more: see the log"
}
