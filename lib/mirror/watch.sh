# shellcheck shell=sh
# Part of mirror.sh and load.sh: runs beside whatever starts skopeo. It shows the progress, ends what would hold everything up,
# and sees when a process was killed.

# How often it looks after each skopeo.
WATCH_SECONDS=5

watch() {
  trap - EXIT
  trap '' HUP INT QUIT USR1 USR2
  child=''
  trap 'kill -TERM "$child" || :; exit 0' TERM
  looked_at=0
  while :; do
    sleep 1 &
    child=$!
    wait "$child" || :
    show_progress
    uptime
    [ $((seconds - looked_at)) -ge "$WATCH_SECONDS" ] || continue
    looked_at=$seconds
    for pid_file in "$work"/*/pid; do
      [ ! -e "$pid_file" ] || watch_skopeo "${pid_file%/pid}" || :
    done
    watch_processes
  done
} >/dev/null 2>&1

watch_skopeo() {
  read -r pid deadline <"$1/pid" && kill -0 "$pid" || return 0
  uptime
  # skopeo keeps its own limit, but not while it waits for a credential helper; it starts no other process.
  overdue=''
  [ "$seconds" -le "$deadline" ] || overdue=limit
  helpers_of "$pid"
  if [ -n "$helpers" ]; then
    helped='' ticks=0
    [ ! -e "$1/helped" ] || read -r helped ticks <"$1/helped"
    [ "$helped" = "$pid" ] || ticks=0
    echo "$pid $((ticks + 1))" >"$1/helped"
    [ $((ticks * WATCH_SECONDS)) -le "$QUESTION_SECONDS" ] || overdue=helper
  fi
  if [ -n "$overdue" ]; then
    asked=''
    [ ! -e "$1/overdue" ] || read -r asked _ <"$1/overdue"
    [ "$asked" != "$pid" ] || kill -KILL "$pid"
    echo "$pid $overdue" >"$1/overdue"
    end_skopeo "$pid"
    return 0
  fi
  # It was asked to wait for longer than it will, and would ask again too early, up to four times: who runs it waits.
  tail -n 20 "$1/log" | cut -c 1-300 >"$work/log-end"
  read_retry_after <"$work/log-end"
  read -r same_pid _ <"$1/pid"
  if [ "$retry_after" -gt "$SKOPEO_WAIT" ] && [ "$pid" = "$same_pid" ]; then end_skopeo "$pid"; fi
}

# Ends a skopeo and its credential helper.
end_skopeo() {
  helpers_of "$1"
  for process in "$1" $helpers; do kill -TERM "$process" || :; done
}

# Sets helpers to the processes that a process has started.
helpers_of() {
  helpers=''
  for list in /proc/"$1"/task/*/children; do
    children=''
    read -r children <"$list" || :
    helpers="$helpers $children"
  done 2>/dev/null
  helpers=${helpers## }
  case $helpers in *[0-9]*) ;; *) helpers='' ;; esac
}

# mirror.sh itself was killed: its workers see that before the next image, but what runs now ends at once.
watch_processes() {
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
