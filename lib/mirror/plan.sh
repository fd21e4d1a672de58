# shellcheck shell=sh
# Part of mirror.sh: reads the plan files. What they hold becomes part of command lines, file names and JSON, so nothing
# that is not valid gets further than this.

# Writes the images of all plans, numbered, to the queue, and of each target server and login the first. Ends the run if a line is not valid.
read_plans() {
  number=0 servers=' ' expected_artifacts=0
  : >"$work/problems"
  for plan in "$@"; do
    line_number=0
    while read -r digest source target source_auth target_auth platforms containers more || [ -n "$digest" ]; do
      line_number=$((line_number + 1))
      case $digest in '' | '#'*) continue ;; esac
      number=$((number + 1))
      validate_line
      echo "$number $digest $source $target $source_auth $target_auth $platforms $containers $layers $artifacts" >&7
      # Without a digest, what a tag gets is decided by the source.
      [ "$digest" = - ] && wanted=$source || wanted=$digest
      echo "$target $wanted" >&8
      case $servers in
        *" ${target%%/*},$target_auth "*) ;;
        *)
          servers="$servers${target%%/*},$target_auth "
          echo "$number $target $target_auth" >&9
          ;;
      esac
    done <"$plan"
  done 3>"$work/lists" 7>"$work/queue" 8>"$work/targets" 9>"$work/servers"
  sort -u "$work/targets" >"$work/targets-sorted"
  previous='' first=''
  while read -r target wanted; do
    if [ "$target" = "$previous" ]; then
      echo "two lines have the target $target, one with $first and one with $wanted; expected one line per target" >>"$work/problems"
    fi
    previous=$target first=$wanted
  done <"$work/targets-sorted"
  validate_lists
  [ -s "$work/problems" ] || return 0
  echo 'mirror.sh: the plan is not valid, so nothing was copied:'
  head -n 20 "$work/problems" | cut -c 1-500 | tr -cd '\n\40-\176'
  left=$(($(wc -l <"$work/problems") - 20))
  [ "$left" -le 0 ] || echo "... and $left more"
  exit 2
} >&2

validate_line() {
  case $digest in
    -) ;;
    *) is_digest "$digest" || problem digest "$digest" 'sha256: and 64 hexadecimal digits, or -' ;;
  esac
  case $source in
    -) ;;
    *@*) { is_repository "${source%%@*}" && is_digest "${source#*@}"; } || problem source '' 'server/repository@digest' ;;
    *) is_repository "$source" || problem source "$source" 'server/repository:tag, or -' ;;
  esac
  case ${target##*/} in
    *:?*) is_repository "$target" || problem target "$target" 'server/repository:tag' ;;
    *) problem target "$target" 'server/repository:tag' ;;
  esac
  for auth in "$source_auth" "$target_auth"; do
    case $auth in
      -) ;;
      '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) problem auth "$auth" 'the name of a folder, or -' ;;
    esac
  done
  case $platforms in
    -) ;;
    [!a-z]* | *[!a-z0-9/,.]* | *,) problem platforms "$platforms" 'os/architecture with commas between, or -' ;;
    */*) ;;
    *) problem platforms "$platforms" 'os/architecture with commas between, or -' ;;
  esac
  case $containers in
    '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._/,-]*) problem containers "$containers" 'component/container with commas between' ;;
  esac
  # Further fields have names, so that a script does not take a field that it does not know for another.
  layers=- artifacts=-
  case $more in *[!a-z0-9=:,.+\ ]*) problem 8 "$more" 'layers=..., artifacts=... or no such field' && return 0 ;; esac
  for field in $more; do
    case $field in
      layers=[0-9a-f]*)
        layers=${field#layers=}
        is_layers "$layers" || problem 8 "$field" 'layers=NAME:BYTES,... with 12 hexadecimal digits and a number'
        ;;
      artifacts=[0-9a-f]*)
        artifacts=${field#artifacts=}
        is_artifacts || problem artifacts "$field" 'artifacts=SUBJECT:ITEM+ITEM,... with 64 hexadecimal digits each'
        case $digest$source in -* | *-) problem artifacts "$field" 'none for an image without a digest or source' ;; esac
        ;;
      *) problem 8 "$field" 'layers=..., artifacts=... or no such field' ;;
    esac
  done
}

# Also counts them, and takes note of the lists.
is_artifacts() {
  case $artifacts in *,) return 1 ;; esac
  split , "$artifacts"
  for group in $parts; do
    list=''
    case $group in *:*+ | *:*:* | *:) return 1 ;; *:*) is_hex "${group%%:*}" || return 1 ;; *) return 1 ;; esac
    split + "${group#*:}"
    for item in $parts; do
      [ -z "$list" ] || return 1
      case $item in
        sig.* | att.* | sbom.*) ;;
        list.*)
          list=${item#list.}
          echo "$list $plan:$line_number" >&3
          ;;
        *.*) return 1 ;;
      esac
      is_hex "${item##*.}" || return 1
      [ -n "$list" ] || expected_artifacts=$((expected_artifacts + 1))
    done
  done
}

# The file of each list must be there and have the digest that the plan names.
validate_lists() {
  while read -r list line; do
    folder=. plan=${line%:*} line_number=${line##*:}
    case $plan in */*) folder=${plan%/*} ;; esac
    [ ! -e "$work/list-$list" ] || continue
    echo "$folder/referrers" >"$work/list-$list"
    if [ -f "$folder/referrers/$list.json" ]; then
      printf '%s  %s\n' "$list" "$folder/referrers/$list.json"
    else
      problem list "$list" "a file referrers/$list.json beside the plan"
    fi
  done <"$work/lists" >"$work/sums"
  [ ! -s "$work/sums" ] || sha256sum -c "$work/sums" >"$work/checked" 2>&1 || {
    while read -r line; do
      case $line in *': OK') ;; *referrers/*) echo "$line; expected the bytes that the plan names" >>"$work/problems" ;; esac
    done <"$work/checked"
    [ -s "$work/problems" ] || echo 'the lists of referrers cannot be checked with sha256sum' >>"$work/problems"
  }
}

is_hex() {
  is_digest "sha256:$1"
}

is_layers() {
  case $1 in *[!0-9a-f:,]* | *,) return 1 ;; esac
  old_ifs=$IFS IFS=,
  for layer in $1; do
    case $layer in
      ????????????:*[!0-9]* | ????????????:0?* | ????????????:????????????????*) layer='' ;;
      ????????????:?*) ;;
      *) layer='' ;;
    esac
    [ -n "$layer" ] || break
  done
  IFS=$old_ifs
  [ -n "$layer" ]
}

# A reference whose repository comes after a server; without a digest.
is_repository() {
  case $1 in
    [!A-Za-z0-9]* | *[!A-Za-z0-9._:/-]* | *//* | *..* | */ | *: | *:*:*:* | */-* | */.*) return 1 ;;
    ?*/?*) [ ${#1} -le 512 ] ;;
    *) return 1 ;;
  esac
}

is_digest() {
  case $1 in sha256:*[!0-9a-f]*) return 1 ;; sha256:*) [ ${#1} -eq 71 ] ;; *) return 1 ;; esac
}

#   problem FIELD VALUE EXPECTED
# What has an @ may hold a password, and is not repeated.
problem() {
  case $2 in
    *@* | '') found='' ;;
    *) found="\"$2\"" ;;
  esac
  echo "$plan:$line_number: the field $1 is ${found:-missing or not valid}; expected $3" >>"$work/problems"
}
