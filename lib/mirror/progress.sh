# shellcheck shell=sh
# Part of mirror.sh: how far the run is, as a line on standard error now and then.
#
#   done  how many images have a result, and how many bytes of layers arrived
#   todo  how many images must be copied, and how many bytes of layers, each once; as far as the plan has their sizes

# An image must be copied. With the turn.
note_missing() {
  images=0 bytes=0
  read -r images bytes <"$work/todo" || :
  if [ "$layers" != - ] && ! image_is_there; then
    old_ifs=$IFS IFS=,
    for layer in $layers; do
      [ ! -e "$work/size-${layer%:*}" ] || continue
      : >"$work/size-${layer%:*}" || :
      bytes=$((bytes + ${layer##*:}))
    done
    IFS=$old_ifs
  fi
  echo "$((images + 1)) $bytes" >"$work/todo" || :
}

# An image has its result. With the turn.
note_done() {
  images=0 bytes=0
  read -r images bytes <"$work/done" || :
  echo "$((images + 1)) $((bytes + claimed_bytes))" >"$work/done" || :
}

# Prints a line, if it is time for one.
show_progress() {
  uptime
  if [ "$PROGRESS_SECONDS" -eq 0 ] || [ $((seconds - shown_at)) -lt "$PROGRESS_SECONDS" ]; then return 0; fi
  shown_at=$seconds
  { read -r done_images done_bytes <"$work/done" && read -r todo_images todo_bytes <"$work/todo"; } || return 0
  [ "$done_images" -lt "$expected" ] || return 0
  copying=0
  for claim in "$work"/worker-*/claimed; do
    [ -e "$claim" ] && read -r bytes <"$claim" && read -r pid _ <"${claim%/claimed}/pid" && kill -0 "$pid" || continue
    copying=$((copying + 1))
    bytes_sent "$pid"
    [ "$sent" -le "$bytes" ] || sent=$bytes
    done_bytes=$((done_bytes + sent))
  done
  line="$done_images of $expected images done, $copying being copied"
  elapsed=$((seconds - began))
  if [ "$todo_bytes" -gt 0 ]; then
    amount "$done_bytes"
    line="$line; $amount of"
    amount "$todo_bytes"
    line="$line $amount"
    if [ "$done_bytes" -gt 0 ] && [ "$elapsed" -gt 0 ]; then
      rate=$((done_bytes / elapsed))
      amount "$rate"
      line="$line, $amount/s"
      [ "$rate" -eq 0 ] || time_left $(((todo_bytes - done_bytes) / rate))
    fi
  elif [ "$done_images" -gt 0 ]; then
    time_left $((elapsed * (expected - done_images) / done_images))
  fi
  echo "progress: $line" >&7 || :
}

# Sets sent to what a process has written so far; 0 if the system does not say.
bytes_sent() {
  sent=0
  while read -r key value; do
    [ "$key" != wchar: ] || sent=$value
  done 2>/dev/null <"/proc/$1/io" || :
}

# Sets amount to bytes as people read them.
amount() {
  if [ "$1" -ge 1000000000 ]; then
    amount=$(($1 / 1000000000)).$(($1 / 100000000 % 10))' GB'
  else
    amount=$(($1 / 1000000)).$(($1 / 100000 % 10))' MB'
  fi
}

# Adds the time left to the line.
time_left() {
  if [ "$1" -ge 3600 ]; then
    line="$line, about $(($1 / 3600))h $(($1 % 3600 / 60))m left"
  elif [ "$1" -ge 60 ]; then
    line="$line, about $(($1 / 60))m $(($1 % 60))s left"
  else
    line="$line, about $1s left"
  fi
}
