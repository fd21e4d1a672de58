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
    if [ "$result" = failed ] && [ "$retry" = yes ] && [ "$attempt" -lt "$ATTEMPTS" ] &&
      [ "$retry_after" -le "$LONGEST_WAIT" ]; then
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

# Looks after the workers: who was killed, what waits for too long.
watch() {
  trap - EXIT
  trap '' HUP INT QUIT USR1 USR2
  child=''
  trap 'kill -TERM "$child" 2>/dev/null || :; exit 0' TERM
  while :; do
    sleep 5 &
    child=$!
    wait "$child" || :
    kill -0 $$ 2>/dev/null || clean_up_after_kill
    watch_waits
    watch_workers
  done
}

# mirror.sh itself was killed: its workers see that before the next image, but what runs now ends at once.
clean_up_after_kill() {
  for pid_file in "$work"/worker-*/pid; do
    read -r pid <"$pid_file" && kill -TERM "$pid" || :
  done
  sleep 1
  rm -rf "$work"
  exit 0
}

# A worker that was killed may have had the turn: then no other gets it any more, and the run has to end.
watch_workers() {
  count=0
  for worker in $workers; do
    count=$((count + 1))
    [ ! -e "$work/worker-$count/ended" ] || continue
    kill -0 "$worker" || { : >"$work/killed" && kill -TERM $$; } || :
  done
}

# Ends a skopeo that was asked to wait for longer than it will: it would ask again too early, up to four times. The
# worker waits instead.
watch_waits() {
  for log in "$work"/worker-*/log; do
    [ -r "$log" ] || continue
    read -r pid <"${log%/log}/pid" || continue
    read_retry_after <"$log"
    read -r same_pid <"${log%/log}/pid" || continue
    if [ "$retry_after" -gt "$SKOPEO_WAIT" ] && [ "$pid" = "$same_pid" ]; then
      kill -TERM "$pid" || :
    fi
  done
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
