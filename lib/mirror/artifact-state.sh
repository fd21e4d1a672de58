# shellcheck shell=sh
# Part of mirror.sh: what a run knows about the artifacts of an image. It is kept in files, because a retry may be another
# worker's:
#   artifacts-NUMBER  a line for each item that is in the target: "copied" or "skipped", and SUBJECT:ITEM
#   image-NUMBER      exists if the image itself is in the target
#   list-HEX          the folder that has the file of a list

# Sets parts to the parts of a text, with blanks between.
#   split SEPARATOR TEXT
split() {
  parts='' old_ifs=$IFS IFS=$1
  for part in $2; do parts="$parts $part"; done
  IFS=$old_ifs
}

read_known() {
  known=' ' known_copied=' '
  [ -e "$work/artifacts-$number" ] || return 0
  while read -r how which; do
    known="$known$which "
    [ "$how" != copied ] || known_copied="$known_copied$which "
  done <"$work/artifacts-$number"
}

is_known() {
  case $known in *" $subject:$1 "*) return 0 ;; *) return 1 ;; esac
}

#   note copied|skipped ITEM
note() {
  known="$known$subject:$2 "
  [ "$1" != copied ] || known_copied="$known_copied$subject:$2 "
  echo "$1 $subject:$2" >>"$work/artifacts-$number" || :
}

# Sets artifacts_expected, _copied, _skipped and _failed. A referrer counts once it is in the list, because nobody finds it
# before; lists themselves do not count.
count_artifacts() {
  artifacts_expected=0 artifacts_copied=0 artifacts_skipped=0
  [ "$artifacts" != - ] || return 0
  read_known
  split , "$artifacts"
  for group in $parts; do
    subject=${group%%:*} items=${group#*:} list=''
    case $items in *list.*) list=${items##*list.} ;; esac
    split + "$items"
    for item in $parts; do
      case $item in list.*) continue ;; esac
      artifacts_expected=$((artifacts_expected + 1))
      is_known "$item" || continue
      case $item in
        *.*) ;;
        *) [ -z "$list" ] || is_known "list.$list" || continue ;;
      esac
      case $known_copied in
        *" $subject:$item "*) artifacts_copied=$((artifacts_copied + 1)) ;;
        *) artifacts_skipped=$((artifacts_skipped + 1)) ;;
      esac
    done
  done
  artifacts_failed=$((artifacts_expected - artifacts_copied - artifacts_skipped))
}
