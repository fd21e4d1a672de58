# shellcheck shell=sh
# Part of mirror.sh: the workers, and the queue that they share. An image that is to be tried again goes to its end.

# Only one worker at a time has the byte that is in the fifo. A signal ends a read, not the turn of another. Once a
# worker was killed there may be no turn to wait for.
take_turn() {
  until read -r _ <&4; do [ ! -e "$work/killed" ] || break; done
}

end_turn() {
  echo >&4
}

# Takes images from the queue until it is empty. What is to be tried again goes to the end of it, so that nobody
# waits for a retry while there is something else to do.
work_on_queue() {
  trap - EXIT
  # Whoever signals all of the processes: it is mirror.sh that stops its workers.
  trap '' HUP INT QUIT USR1 USR2
  trap 'stopping=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' TERM
  child=''
  dir=$work/worker-$1
  while take; do
    while [ -z "$stopping" ] && must_wait; do
      if [ -z "$deferred" ] && defer; then continue 2; fi
      sleep_until "$not_before"
    done
    [ -z "$stopping" ] || break
    uptime
    began=$hundredths
    mirror_image
    [ -n "$stopping" ] || learn
    : >"$dir/copying" || :
    uptime
    spent=$((spent + hundredths - began))
    # What was interrupted has no result: report_the_rest accounts for it.
    [ -z "$stopping" ] || [ "$result" != failed ] || break
    if [ "$result" = failed ] && [ "$retry" = yes ] && [ "$attempt" -lt "$ATTEMPTS" ] &&
      [ "$retry_after" -le "$LONGEST_WAIT" ] && [ -z "$closed" ]; then
      plan_retry
      defer || finish
    else
      finish
    fi
  done
  : >"$dir/ended"
}

# The fields of the next image of the queue, or else of the next that is to be tried again.
take() {
  # Nobody would hear of what is done after mirror.sh itself was killed.
  kill -0 $$ 2>/dev/null || return 1
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

sleep_until() {
  sleep $(($1 - seconds)) &
  child=$!
  await "$child"
  child=''
}

# The wait doubles with each attempt, is eight times as long for who asked for fewer requests, and differs from
# image to image, so that they do not all come back at once. Who says how long to wait is not asked earlier.
plan_retry() {
  double_pause "$RETRY_SECONDS" "$attempt"
  [ "$class" != rate-limited ] || pause=$((pause * 8))
  [ "$retry_after" -le "$pause" ] || pause=$((retry_after + 1))
  [ "$class" != rate-limited ] || echo "$((seconds + pause))" >"$work/quiet-$at" || :
  pause=$((pause + pause * ((hundredths + number * 37) % 100) / 200))
  not_before=$((seconds + pause))
  progress "attempt $attempt of $ATTEMPTS failed: $class. $error. Again in $pause s"
  attempt=$((attempt + 1))
}

# mirror.sh itself was killed: its workers see that before the next image, but what runs now ends at once.
also_watch() {
  if ! kill -0 $$; then
    for pid_file in "$work"/*/pid; do
      read -r pid _ <"$pid_file" && end_skopeo "$pid"
    done
    sleep 1
    rm -rf "$work"
    exit 0
  fi
  # A worker that was killed may have had the turn: then no other gets it any more, and the run has to end.
  for pid_file in "$work"/worker-*/worker; do
    [ ! -e "${pid_file%/worker}/ended" ] || continue
    read -r worker <"$pid_file" || continue
    kill -0 "$worker" || { : >"$work/killed" && kill -TERM $$; } || :
  done
}

# Sets pause to so many seconds, doubled with each attempt after the first.
#   double_pause SECONDS ATTEMPT
double_pause() {
  pause=$1 doublings=1
  while [ "$doublings" -lt "$2" ]; do pause=$((pause * 2)) doublings=$((doublings + 1)); done
}
