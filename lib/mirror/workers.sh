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

# Takes images from the queue until it is empty: first asks for each whether it is there, then copies those that are
# missing. What is to be tried again goes to the end, so that nobody waits for a retry while there is something else to do.
#   work_on_queue NUMBER ask|copy
# With ask it ends when all have been asked for.
work_on_queue() {
  trap - EXIT
  # Whoever signals all of the processes: it is mirror.sh that stops its workers.
  trap '' HUP INT QUIT USR1 USR2
  trap 'stopping=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' TERM
  child='' looked=0 first_held='' impatient='' until=$2
  dir=$work/worker-$1
  while take_some; do
    while [ -z "$stopping" ] && must_wait; do
      if [ -z "$deferred" ] && defer; then continue 2; fi
      sleep_until "$not_before"
    done
    [ -z "$stopping" ] || break
    missing=yes
    if [ "$wanted" = - ]; then
      try ask_for_image
      if [ -n "$missing" ] && [ -n "$fresh" ]; then
        take_turn
        note_missing
        end_turn
        ! defer || continue
      fi
    fi
    if [ -n "$missing" ]; then
      until [ -n "$stopping" ] || claim_shares; do
        # Perhaps the next one can go ahead.
        if [ "$looked" -lt 30 ] && [ "$number" != "$first_held" ] && defer; then
          looked=$((looked + 1)) first_held=${first_held:-$number}
          continue 2
        fi
        wait_for_change
        looked=0 first_held=''
      done
      [ -z "$stopping" ] || break
      looked=0 first_held=''
      try bring_image
      settle_shares
    fi
    # What was interrupted has no result: report_the_rest accounts for it.
    [ -z "$stopping" ] || [ "$result" != failed ] || break
    if [ "$result" = failed ] && [ "$retry" = yes ] && [ "$attempt" -lt "$ATTEMPTS" ] &&
      [ "$retry_after" -le "$LONGEST_WAIT" ] && [ -z "$closed" ]; then
      plan_retry
      wanted=-
      defer || finish
    else
      finish
    fi
  done
  : >"$dir/ended"
}

try() {
  uptime
  began=$hundredths
  "$1"
  if [ -n "$missing" ]; then note_answer "${target%%/*}"; elif [ -z "$stopping" ]; then learn; fi
  : >"$dir/copying" || :
  uptime
  spent=$((spent + hundredths - began))
}

# Like take, but while somebody still asks there may be more to copy.
take_some() {
  until take; do
    [ "$until" = copy ] && [ -z "$stopping" ] && is_asking || return 1
    sleep 0.2 &
    child=$!
    await "$child"
    child=''
  done
}

# Whether a worker that only asks has not ended.
is_asking() {
  for asker in "$work"/worker-*/asker; do
    if [ -e "$asker" ] && [ ! -e "${asker%/asker}/ended" ]; then return 0; fi
  done
  return 1
}

# Whether mirror.sh itself was killed: nobody would hear of what is done from here on.
is_alone() {
  ! kill -0 $$ 2>/dev/null || return 1
  stopping=yes
}

# The fields of the next image of the queue, or else of the next that is to be copied or tried again; wanted is - if the
# target has to be asked for it.
take() {
  is_alone && return 1
  [ -z "$stopping" ] || return 1
  fresh='' deferred=''
  take_turn
  if read -r number digest source target source_auth target_auth platforms containers layers artifacts <&3; then
    fresh=yes attempt=1 not_before=0 spent=0 copy_began=- wanted=-
  elif [ "$until" = copy ]; then
    while read -r attempt not_before spent copy_began wanted \
      number digest source target source_auth target_auth platforms containers layers artifacts end <&5; do
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
  printf '\n%s %s %s %s %s %s %s %s %s %s %s %s %s %s %s .\n' "$attempt" "$not_before" "$spent" "$copy_began" "$wanted" \
    "$number" "$digest" "$source" "$target" "$source_auth" "$target_auth" "$platforms" "$containers" "$layers" "$artifacts" \
    >>"$work/deferred" 2>/dev/null || lost=yes
  end_turn
  [ -z "$lost" ]
}

finish() {
  progress "$result${class:+: $class. $error}"
  take_turn
  report
  note_done
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

# Sets pause to so many seconds, doubled with each attempt after the first.
#   double_pause SECONDS ATTEMPT
double_pause() {
  pause=$1 doublings=1
  while [ "$doublings" -lt "$2" ]; do pause=$((pause * 2)) doublings=$((doublings + 1)); done
}
