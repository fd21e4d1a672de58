# shellcheck shell=sh
# Part of mirror.sh: what images share, so that it crosses the link once. An image waits while another worker brings
# something that it needs too; when that is there, the registry mounts it from the other repository.
#
# What an image needs are its layers, if the plan names them. Otherwise it is one name for all images of its folder in
# the source: images that are built together share their base, so the first of them goes ahead.
#
#   share-NAME  busy and the folder of the worker that brings it; there: it is in the target; free: somebody tried to
#   changes     a number that grows whenever a share is no longer busy

# Sets needs to names with sizes, NAME:BYTES.
needs_of() {
  if image_is_there; then
    needs=''
    return 0
  fi
  if [ "$layers" != - ]; then
    needs=$layers
    return 0
  fi
  # A name for a file, and without the colon of a port.
  folder=${source%/*}/ needs=family
  while [ -n "$folder" ]; do
    needs="$needs;${folder%%/*}"
    folder=${folder#*/}
  done
  case $needs in *:*) needs="${needs%%:*};${needs#*:}" ;; esac
  needs=$needs:0
}

# Claims what nobody has brought yet, and sets claimed to it and claimed_bytes to its size. Fails if somebody else is
# bringing some of it, and sets holder to the folder of that worker. With impatient it takes that over, so that the next
# image does not wait for the same copy that does not move.
claim_shares() {
  is_alone && return 1
  needs_of
  take_turn
  claimed='' claimed_bytes=0 changes=0
  read -r changes <"$work/changes" || :
  old_ifs=$IFS IFS=,
  for need in $needs; do
    state=free
    [ ! -e "$work/share-${need%:*}" ] || IFS=' ' read -r state holder <"$work/share-${need%:*}" || :
    case $state$impatient in
      busyyes) claimed="$claimed ${need%:*}" ;;
      busy)
        IFS=$old_ifs
        end_turn
        return 1
        ;;
      free*) claimed="$claimed ${need%:*}" claimed_bytes=$((claimed_bytes + ${need##*:})) ;;
    esac
  done
  IFS=$old_ifs
  for share in $claimed; do echo "busy $dir" >"$work/share-$share" || :; done
  [ -z "$impatient" ] || echo $((changes + 1)) >"$work/changes" || :
  end_turn
  impatient=''
  echo "$claimed_bytes" >"$dir/claimed" || :
}

# What was claimed is there now, or free for another to bring.
settle_shares() {
  state=free
  if [ "$result" = copied ]; then state=there; else claimed_bytes=0; fi
  take_turn
  for share in $claimed; do echo "$state" >"$work/share-$share" || :; done
  read -r changes <"$work/changes" || changes=0
  echo $((changes + 1)) >"$work/changes" || :
  end_turn
  echo 0 >"$dir/claimed" || :
}

# Waits until a share is no longer busy that was when claim_shares looked. A copy that does not move, which is one that
# writes less than 100 kB in ten seconds, holds nobody up for longer than that: Go itself writes a few bytes now and then.
wait_for_change() {
  ticks=0
  holder_sent
  copier=$pid before=$sent
  while [ -z "$stopping" ] && [ ! -e "$work/killed" ]; do
    now=''
    read -r now <"$work/changes" || :
    [ "$now" = "$changes" ] || return 0
    ticks=$((ticks + 1))
    if [ "$ticks" -ge 50 ]; then
      holder_sent
      if [ "$pid" = "$copier" ] && [ $((sent - before)) -lt 100000 ]; then
        impatient=yes
        return 0
      fi
      ticks=0 copier=$pid before=$sent
    fi
    sleep 0.2 &
    child=$!
    await "$child"
    child=''
  done
}

holder_sent() {
  sent=0 pid=''
  ! read -r pid _ <"$holder/pid" || bytes_sent "$pid"
}
