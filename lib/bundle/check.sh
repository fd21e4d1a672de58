# shellcheck shell=sh
# Part of load.sh: verifies a bundle before anything is pushed. The medium is not trusted: only files that load.plan names
# are read, and a file counts if it is a regular file with the size and the digest that load.plan says. Leaves in $work
# what push.sh reads:
#   load.plan       the list of contents
#   manifests/HEX   every index and manifest, as it was hashed
#   checked/HEX     the paths of every configuration and layer that is there, one per line and piece

MAX_PROBLEMS=100

check_bundle() {
  mkdir "$work/part" "$work/files" "$work/named" "$work/subjects" "$work/referrers" "$work/manifests" "$work/checked"
  problems=0
  for list in sums targets tags servers cut; do : >"$work/$list"; done
  # Lines are split at blanks, and no field is a pattern.
  set -f
  old_ifs=$IFS
  IFS=' '
  read_plan
  check_digest
  read_header
  find_parts
  stop_if_wrong
  read_lines
  check_targets
  stop_if_wrong
  hash_files
  stop_if_wrong
  compare_contents
  find_older
  stop_if_wrong
  set +f
  IFS=$old_ifs
}

damaged() {
  reject "line $number of load.plan is damaged: $1" "${2:-Copy the bundle again, or make it again.}"
}

problem() {
  say "error: $1"
  problems=$((problems + 1))
  [ "$problems" -lt "$MAX_PROBLEMS" ] || reject 'there are too many errors to list'
}

stop_if_wrong() {
  [ "$problems" -eq 0 ] || reject 'the bundle is not whole' 'Copy the damaged files again, or make the bundle again.'
}

check_digest() {
  sum=$(sha256sum <"$work/load.plan")
  sum=${sum%% *}
  if [ -z "$digest" ]; then
    say "warning: load.plan has the digest sha256:$sum."
    say '    Nothing shows that this is the bundle that was made. Compare this digest with the one that'
    say '    "ess-airgap bundle" printed, or pass that one with --digest.'
  elif [ "$sum" != "$digest" ]; then
    reject "load.plan has the digest sha256:$sum; expected sha256:$digest" \
      'This is not the bundle that the digest is of, or it was changed. Do not load it.'
  fi
}

# Makes a link to the folder of each part. The folders of a bundle are its own: a link there would lead out of it.
find_parts() {
  number=0
  while [ "$number" -lt "$parts" ]; do
    number=$((number + 1))
    folder=$first
    [ "$parts" -eq 1 ] || folder=$(printf '%s/part-%03d' "${first%/*}" "$number")
    ln -s "$folder" "$work/part/$number"
    part=$number
    name_part
    if [ "$parts" -gt 1 ] && [ -L "$folder" ]; then
      problem "$part_name is a symbolic link; expected a folder"
    elif [ ! -d "$folder" ]; then
      problem "$part_name is missing"
    else
      for sub in blobs blobs/sha256; do
        if [ -L "$folder/$sub" ]; then
          problem "${prefix}$sub is a symbolic link; expected a folder"
        elif [ ! -d "$folder/$sub" ]; then
          problem "${prefix}$sub is missing"
        fi
      done
    fi
  done
}

# Sets part_name and prefix, for messages.
name_part() {
  part_name='the bundle' prefix=''
  [ "$parts" -gt 1 ] || return 0
  part_name=$(printf 'part-%03d' "$part")
  prefix=$part_name/
}

# No target is named twice, no tag of an artifact or a list has two digests, and all are in the registry that was named.
check_targets() {
  twice=$(sort "$work/targets" 2>/dev/null | uniq -d 2>/dev/null | head -n 1)
  [ -z "$twice" ] || reject "load.plan names the target $twice twice"
  twice=$(sort -u "$work/tags" | cut -d ' ' -f 1 | sort - "$work/targets" | uniq -d | head -n 1)
  [ -z "$twice" ] || reject "load.plan names another manifest for the tag $twice"
  sort -u "$work/servers" >"$work/servers.sorted"
  while IFS= read -r target_server; do
    if [ -n "$server" ] && [ "$target_server" != "$server" ]; then
      reject "load.plan names the registry $target_server; expected $server" \
        'The bundle is for another registry. Make one with an airgap.yaml that names yours.'
    fi
    say "the images are for the registry $target_server"
  done <"$work/servers.sorted"
}

### Files

# Sets path and name, for messages, of a blob.
place() {
  path=$work/part/$part/blobs/sha256/$hex
  name_part
  name=${prefix}blobs/sha256/$hex
}

# Expects a whole blob; what was found before need not be looked at again.
expect_blob() {
  place
  describe "$size $part" || return 0
  expect_file "$path" "$name" || return 0
  echo "$hex  part/$part/blobs/sha256/$hex" >>"$work/sums"
  echo "$path" >"$work/checked/$hex"
}

# Expects a regular file of the right size.
expect_file() {
  if ! is_regular "$1"; then
    problem "$2 $fault"
    return 1
  elif [ "$size_found" != "$size" ]; then
    problem "$2 has $size_found bytes; expected $size"
    return 1
  fi
  files=$((files + 1)) bytes=$((bytes + size))
}

# Sets size_found, or fault. A pipe would never end, a device neither, and a link leads elsewhere.
is_regular() {
  fault=''
  if [ -L "$1" ]; then
    fault='is a symbolic link; expected a regular file'
  elif [ ! -e "$1" ]; then
    fault='is missing'
  elif [ ! -f "$1" ]; then
    fault='is not a regular file'
  elif [ ! -r "$1" ]; then
    fault='cannot be read'
  else
    links=$(stat -c '%s %h' "$1" 2>/dev/null) || links='0 0'
    size_found=${links% *}
    case ${links#* } in
      0) fault='cannot be read' ;;
      1) ;;
      *) fault='has another name in the file system (a hard link); copy the bundle' ;;
    esac
  fi
  [ -z "$fault" ]
}

# Compares the digest of every file; of one in pieces, that of all of them together.
hash_files() {
  say "verifying $files files, $((bytes / 1000000)) MB"
  (cd "$work" && sha256sum -c sums) >"$work/results" 2>/dev/null || :
  right=0
  while IFS= read -r line; do
    path=${line%: *}
    if [ "$line" = "$path: OK" ]; then
      right=$((right + 1))
      continue
    fi
    name=$path
    case $path in
      manifests/*) name=blobs/sha256/${path##*/} ;;
      part/*)
        part=${path#part/} part=${part%%/*}
        name_part
        name=$prefix${path#part/*/}
        ;;
    esac
    problem "$name is damaged: it does not have its digest"
  done <"$work/results"
  if [ "$problems" -eq 0 ] && [ "$right" -ne "$(wc -l <"$work/sums")" ]; then
    problem 'sha256sum did not come to its end'
  fi
  while IFS= read -r hex; do
    sum=$(while IFS= read -r piece; do cat "$piece"; done <"$work/checked/$hex" | sha256sum)
    [ "${sum%% *}" != "$hex" ] || continue
    whole=$hex found=''
    while read -r hex part; do
      place
      sum=$(sha256sum <"$path")
      [ "${sum%% *}" != "$hex" ] || continue
      found=yes
      problem "$name is damaged: it does not have its digest"
    done <"$work/files/$whole.pieces"
    [ -n "$found" ] || problem "the pieces of sha256:$whole do not make a file with this digest"
  done <"$work/cut"
}

# Compares what the manifests name with what load.plan lists for each image, artifact and list.
compare_contents() {
  image=0 scope=0
  while read -r kind digest _ _ subject tag; do
    hex=${digest#sha256:}
    case $kind in
      image) image=$((image + 1)) scope=$((scope + 1)) ;;
      artifact)
        scope=$((scope + 1))
        [ "$tag" != - ] || compare_subject
        ;;
      referrers)
        scope=$((scope + 1))
        compare_list
        continue
        ;;
      manifest) ;;
      *) continue ;;
    esac
    named_in "$work/manifests/$hex" >"$work/digests"
    while IFS= read -r named; do
      [ -e "$work/named/$scope.${named#sha256:}" ] || {
        problem "sha256:$hex names $named, which load.plan does not list for it"
        break
      }
      : >"$work/named/$scope.${named#sha256:}.by"
    done <"$work/digests"
  done <"$work/load.plan"
  scope=0
  while read -r kind digest _; do
    case $kind in
      image | artifact | referrers) scope=$((scope + 1)) ;;
      manifest | omitted | config | layer | absent)
        [ -e "$work/named/$scope.${digest#sha256:}.by" ] ||
          problem "load.plan lists $digest for an image or artifact whose manifests do not name it"
        ;;
    esac
  done <"$work/load.plan"
}

# What cosign 2 keeps at a tag names no subject.
compare_subject() {
  named=$(subject_in "$work/manifests/$hex")
  [ "$named" = "$subject" ] ||
    problem "sha256:$hex belongs to ${named:-no subject}, and to $subject in load.plan"
}

# A list of referrers names all of them and nothing else.
compare_list() {
  named_in "$work/manifests/$hex" >"$work/digests"
  [ "$(sort "$work/digests")" = "$(sort "$work/referrers/$image.${subject#sha256:}")" ] ||
    problem "sha256:$hex, the list of the referrers of $subject, has other entries than load.plan"
}

# Prints the digest of the subject that a manifest names.
subject_in() {
  in_subject=''
  fields_in "$1" | while IFS= read -r field || [ -n "$field" ]; do
    case $in_subject$field in
      '"subject":') in_subject=yes ;;
      'yes"digest":"'*'"')
        field=${field#'"digest":"'}
        printf '%.80s\n' "${field%\"}"
        break
        ;;
    esac
  done
}

# Looks for the layers that this bundle leaves out in the folders of older ones.
find_older() {
  while read -r kind digest size _; do
    hex=${digest#sha256:}
    if [ "$kind" != absent ] || [ -e "$work/checked/$hex" ]; then continue; fi
    number=0
    while [ "$number" -lt "$older" ]; do
      number=$((number + 1)) part=0 folder=$work/older/$number
      while [ -d "$folder" ]; do
        path=$folder/blobs/sha256/$hex
        if [ -e "$path" ] || [ -L "$path" ]; then
          if is_regular "$path" && [ "$size_found" = "$size" ] && sum=$(sha256sum <"$path") && [ "${sum%% *}" = "$hex" ]; then
            echo "$path" >"$work/checked/$hex"
            continue 3
          fi
          problem "blobs/sha256/$hex in the folder of an older bundle is damaged or not a regular file"
        fi
        part=$((part + 1))
        folder=$(printf '%s/part-%03d' "$work/older/$number" "$part")
      done
    done
  done <"$work/load.plan"
}
