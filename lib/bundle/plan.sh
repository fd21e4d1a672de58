# shellcheck shell=sh
# Part of load.sh: reads load.plan, the list of contents. A copy of it is used, because the medium may change.

# The same numbers as in limits.ts and digests/artifacts.ts.
MAX_PLAN_BYTES=8388608
MAX_PLAN_LINES=100000
MAX_PLAN_LINE_BYTES=65536
MAX_PARTS=999
MAX_MANIFEST_BYTES=4194304
MAX_ALL_MANIFESTS_BYTES=268435456
MAX_BLOB_BYTES=68719476736
MAX_ARTIFACTS=1000

# Sets first, the folder with load.plan, and copies load.plan.
read_plan() {
  folder=$(absolute "$bundle") || reject "$bundle is not a folder" 'Name the folder of a bundle.'
  [ ! -e "$folder/UNFINISHED" ] ||
    reject "$bundle is a bundle that is not complete" 'Run the command that makes it again, until it says that it is done.'
  first=$folder
  [ -e "$first/load.plan" ] || [ -L "$first/load.plan" ] || first=$folder/part-001
  [ -e "$first/load.plan" ] || [ -L "$first/load.plan" ] ||
    reject "$bundle holds no bundle: there is no load.plan in it, nor in a part-001 in it"
  is_regular "$first/load.plan" || reject "load.plan $fault"
  [ "$size_found" -le "$MAX_PLAN_BYTES" ] || reject "load.plan has $size_found bytes; expected at most $MAX_PLAN_BYTES"
  head -c "$MAX_PLAN_BYTES" <"$first/load.plan" >"$work/load.plan" || reject 'load.plan cannot be read'
}

# Sets parts.
read_header() {
  number=1
  foreign=$(LC_ALL=C tr -d 'A-Za-z0-9._:/,@ \n[]-' <"$work/load.plan" 2>/dev/null | head -c 1 | tr '\0' x)
  [ -z "$foreign" ] || damaged 'it holds characters that no line of it can have'
  # Shells read byte by byte: numbers of lines and their lengths are checked by faster tools.
  lines=$(wc -l <"$work/load.plan")
  [ "$lines" -le "$MAX_PLAN_LINES" ] || damaged "expected at most $MAX_PLAN_LINES lines"
  [ "$(fold -b -w "$MAX_PLAN_LINE_BYTES" <"$work/load.plan" | wc -l)" -eq "$lines" ] ||
    damaged "a line is longer than $MAX_PLAN_LINE_BYTES bytes"
  IFS= read -r line <"$work/load.plan" || damaged 'it is cut short'
  # shellcheck disable=SC2086 # the fields
  set -- $line
  [ $# -eq 4 ] || damaged 'expected "bundle 2 parts" and their number'
  [ "$line" = "bundle $2 parts $4" ] || damaged 'expected "bundle 2 parts" and their number'
  [ "$2" = 2 ] || reject "the bundle has format $2; this load.sh reads format 2" 'Use the load.sh of the bundle.'
  case $4 in '' | *[!0-9]* | 0* | ????*) damaged "expected at most $MAX_PARTS parts" ;; esac
  parts=$4
}

# Checks every line, and the files that it names but for their digests.
read_lines() {
  number=0 ended='' image=0 scope=0 own='' others='' files=0 bytes=0 manifests_bytes=0 cut='' open=''
  artifacts=0 subjects=0 lists=0
  while IFS= read -r line; do
    number=$((number + 1))
    [ -z "$ended" ] || damaged 'there is something after the last line, "end"'
    # shellcheck disable=SC2086 # the fields
    set -- $line
    if [ -z "$line" ] || [ "$*" != "$line" ]; then damaged 'expected fields with one blank between two'; fi
    [ -z "$cut" ] || [ "$1" = piece ] || damaged "the pieces of sha256:$cut do not add up to its size"
    case $1:$# in
      bundle:4) [ "$number" -eq 1 ] || damaged 'a second first line' ;;
      file:4) read_file "$2" "$3" "$4" ;;
      image:6)
        [ -z "$own" ] || damaged 'an "image" line after the first "own" line'
        close_image
        image=$((image + 1)) scope=$((scope + 1)) open=yes
        read_manifest "$2" "$3" "$4"
        can_be_subject
        read_target "$5" "$6"
        ;;
      artifact:6) read_artifact "$2" "$3" "$4" "$5" "$6" ;;
      referrers:5) read_referrers "$2" "$3" "$4" "$5" ;;
      manifest:4)
        belongs
        read_manifest "$2" "$3" "$4"
        can_be_subject
        ;;
      omitted:3)
        belongs
        read_digest "$2"
        read_size "$3" "$MAX_MANIFEST_BYTES"
        once
        can_be_subject
        ;;
      config:4 | layer:4)
        belongs
        read_blob "$2" "$3" "$4"
        ;;
      piece:4) read_piece "$2" "$3" "$4" ;;
      absent:4)
        belongs
        read_absent "$2" "$3" "$4"
        ;;
      own:4)
        close_image
        own=yes
        [ "$2" = - ] || read_digest "$2"
        read_target "$3" "$4"
        ;;
      end:2)
        close_image
        [ "$2" = "$number" ] || damaged "expected \"end $number\", the number of this line"
        ended=yes
        ;;
      file:* | image:* | artifact:* | referrers:* | manifest:* | omitted:* | config:* | layer:* | piece:* | absent:* | own:* | end:* | bundle:*)
        damaged "a \"$1\" line has another number of fields"
        ;;
      *) damaged "\"$(printf %.40s "$1")\" is not a kind of line in format 2" 'Use the load.sh of the bundle.' ;;
    esac
  done <"$work/load.plan"
  if [ -z "$ended" ] || [ -n "$line" ]; then damaged 'it is cut short'; fi
  [ "$others" = ' index.json load.sh oci-layout' ] || damaged 'it does not name index.json, load.sh and oci-layout'
}

belongs() {
  [ -n "$open" ] || damaged 'the line belongs to no image'
}

# With one list of referrers, an image has that of every subject.
close_image() {
  if [ "$lists" -gt 0 ] && [ "$lists" -ne "$subjects" ]; then damaged 'a list of referrers of the image before is missing'; fi
  open='' artifacts=0 subjects=0 lists=0
}

# An artifact of the image can belong to what was read last.
can_be_subject() {
  : >"$work/subjects/$image.$hex"
}

# Sets subject to the digits of its digest.
read_subject() {
  read_digest "$1"
  subject=$hex
  [ -e "$work/subjects/$image.$subject" ] ||
    damaged 'expected the digest of the image, of a manifest below it or of an earlier artifact as subject'
}

#   read_artifact DIGEST SIZE PART SUBJECT TAG
read_artifact() {
  if [ "$image" -eq 0 ] || [ -n "$own" ]; then damaged 'the line belongs to no image'; fi
  [ "$lists" -eq 0 ] || damaged 'an "artifact" line after a "referrers" line of the image'
  artifacts=$((artifacts + 1)) scope=$((scope + 1)) open=yes
  [ "$artifacts" -le "$MAX_ARTIFACTS" ] || damaged "the image has more than $MAX_ARTIFACTS artifacts"
  read_subject "$4"
  read_digest "$1"
  case $5 in
    -)
      [ ! -e "$work/referrers/$image.of.$hex" ] || damaged "the image names the artifact sha256:$hex twice"
      : >"$work/referrers/$image.of.$hex"
      [ -e "$work/referrers/$image.$subject" ] || subjects=$((subjects + 1))
      echo "$1" >>"$work/referrers/$image.$subject"
      ;;
    "sha256-$subject.sig" | "sha256-$subject.att" | "sha256-$subject.sbom") echo "$repository:$5 $1" >>"$work/tags" ;;
    *) damaged 'expected "-", or the tag of the subject that ends in .sig, .att or .sbom' ;;
  esac
  read_manifest "$1" "$2" "$3"
  can_be_subject
}

#   read_referrers DIGEST SIZE PART SUBJECT
read_referrers() {
  if [ "$image" -eq 0 ] || [ -n "$own" ]; then damaged 'the line belongs to no image'; fi
  read_subject "$4"
  [ -e "$work/referrers/$image.$subject" ] || damaged 'expected the subject of an artifact of the image that has no tag'
  [ ! -e "$work/referrers/$image.$subject.listed" ] || damaged "a second list of the referrers of sha256:$subject"
  : >"$work/referrers/$image.$subject.listed"
  lists=$((lists + 1)) scope=$((scope + 1)) open=''
  echo "$repository:sha256-$subject $1" >>"$work/tags"
  read_manifest "$1" "$2" "$3"
}

read_file() {
  others="$others $3"
  case $others in
    ' index.json' | ' index.json load.sh' | ' index.json load.sh oci-layout') ;;
    *) damaged 'expected one line for each of index.json, load.sh, oci-layout, in this order' ;;
  esac
  read_digest "$1"
  read_size "$2" "$MAX_PLAN_BYTES"
  expect_file "$first/$3" "$3" || return 0
  ln -s "$first/$3" "$work/$3"
  echo "$hex  $3" >>"$work/sums"
}

read_manifest() {
  read_digest "$1"
  read_size "$2" "$MAX_MANIFEST_BYTES"
  read_part "$3"
  once
  expect_blob
  [ ! -e "$work/manifests/$hex" ] && [ -e "$work/checked/$hex" ] || return 0
  manifests_bytes=$((manifests_bytes + size))
  [ "$manifests_bytes" -le "$MAX_ALL_MANIFESTS_BYTES" ] ||
    damaged "the manifests have more than $MAX_ALL_MANIFESTS_BYTES bytes together"
  head -c "$size" <"$path" >"$work/manifests/$hex" || problem "$name cannot be read"
  echo "$hex  manifests/$hex" >>"$work/sums"
}

read_blob() {
  read_digest "$1"
  read_size "$2" "$MAX_BLOB_BYTES"
  once
  if [ "$3" = - ]; then
    cut=$hex cut_left=$size pieces=0 description="$size -" known=''
    [ ! -e "$work/files/$hex" ] || known=yes
    return 0
  fi
  read_part "$3"
  expect_blob
}

# One of the files that a layer is cut into; the last makes it whole.
read_piece() {
  [ -n "$cut" ] || damaged 'a "piece" line follows only a layer or configuration that is cut'
  read_digest "$1"
  read_size "$2" "$MAX_BLOB_BYTES"
  read_part "$3"
  pieces=$((pieces + 1)) cut_left=$((cut_left - size)) description="$description $hex $size $part"
  if [ "$pieces" -gt "$parts" ] || [ "$size" -eq 0 ] || [ "$cut_left" -lt 0 ]; then
    damaged "the pieces of sha256:$cut do not add up to its size"
  fi
  if [ -z "$known" ]; then
    place
    if expect_file "$path" "$name"; then echo "$path" >>"$work/checked/$cut"; fi
    echo "$hex $part" >>"$work/files/$cut.pieces"
  fi
  [ "$cut_left" -eq 0 ] || return 0
  [ "$pieces" -gt 1 ] || damaged "the pieces of sha256:$cut do not add up to its size"
  hex=$cut cut=''
  describe "$description" || return 0
  echo "$hex" >>"$work/cut"
}

read_absent() {
  read_digest "$1"
  read_size "$2" "$MAX_BLOB_BYTES"
  once
  describe "$size absent" || :
  case $3 in
    *@sha256:*@* | *..* | *//* | /* | -* | *[!][A-Za-z0-9._:/@-]*) damaged 'expected registry/repository@digest' ;;
    */*@sha256:*) ;;
    *) damaged 'expected registry/repository@digest' ;;
  esac
  echo "${3%%/*}" >>"$work/servers"
  read_digest "${3##*@}"
}

read_target() {
  case $1 in
    *[!][A-Za-z0-9._:/-]* | *..* | *//* | /* | -* | *:) damaged 'expected a target as registry/repository:tag' ;;
    */*:*) ;;
    *) damaged 'expected a target as registry/repository:tag' ;;
  esac
  case ${1##*:} in */*) damaged 'expected a target as registry/repository:tag' ;; esac
  read_containers "$2"
  repository=${1%:*}
  echo "$1" >>"$work/targets"
  echo "${1%%/*}" >>"$work/servers"
}

# Names as component/container, with a comma between two; none can end a string of the report.
read_containers() {
  [ "$1" != - ] || return 0
  rest=$1,
  while [ -n "$rest" ]; do
    case ${rest%%,*} in
      */*/* | /* | */ | *[!A-Za-z0-9._/-]*) damaged 'expected containers as component/container, or "-"' ;;
      */*) ;;
      *) damaged 'expected containers as component/container, or "-"' ;;
    esac
    rest=${rest#*,}
  done
}

### The fields

# Sets hex.
read_digest() {
  case $1 in sha256:*) ;; *) damaged 'expected a digest: sha256: and 64 hexadecimal digits' ;; esac
  hex=${1#sha256:}
  is_hex "$hex" || damaged 'expected a digest: sha256: and 64 hexadecimal digits'
}

is_hex() {
  case $1 in *[!0-9a-f]*) return 1 ;; esac
  [ "${#1}" -eq 64 ]
}

# Sets size.
read_size() {
  case $1 in '' | *[!0-9]* | 0?* | ????????????????*) damaged "expected a size of at most $2 bytes" ;; esac
  size=$1
  [ "$size" -le "$2" ] || damaged "expected a size of at most $2 bytes"
}

# Sets part.
read_part() {
  case $1 in '' | *[!0-9]* | 0* | ????*) damaged "expected the number of a part, from 1 to $parts" ;; esac
  part=$1
  [ "$part" -le "$parts" ] || damaged "expected the number of a part, from 1 to $parts"
}

# No image, artifact or list names a file twice.
once() {
  [ ! -e "$work/named/$scope.$hex" ] || damaged "the image names sha256:$hex twice"
  : >"$work/named/$scope.$hex"
}

# Several images may name a file, but in the same way. Returns 1 if it was named before.
describe() {
  if [ -e "$work/files/$hex" ]; then
    IFS= read -r described <"$work/files/$hex"
    [ "$described" = "$1" ] || damaged "sha256:$hex has another size or place in a line before"
    return 1
  fi
  echo "$1" >"$work/files/$hex"
}
