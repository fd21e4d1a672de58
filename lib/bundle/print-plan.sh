# shellcheck shell=sh
# Part of load.sh: prints what would be pushed, for a dry run. `ess-airgap load` prints the same.

print_plan() {
  images=0 line='' artifacts=0 all_artifacts=0
  while read -r kind a b c d _; do
    case $kind in
      image)
        print_line
        images=$((images + 1)) line="push    $d@$a"
        ;;
      artifact) artifacts=$((artifacts + 1)) all_artifacts=$((all_artifacts + 1)) ;;
      own)
        print_line
        echo "expect  $b"
        ;;
      end) print_line ;;
    esac
  done <"$work/load.plan"
  with_artifacts "$all_artifacts"
  noun=images
  [ "$images" -ne 1 ] || noun=image
  echo "$images $noun$with would be pushed, except those that are in the registry with their digest"
}

print_line() {
  [ -n "$line" ] || return 0
  with_artifacts "$artifacts"
  echo "$line$with"
  line='' artifacts=0
}

with_artifacts() {
  case $1 in
    0) with='' ;;
    1) with=' with 1 artifact' ;;
    *) with=" with $1 artifacts" ;;
  esac
}
