# shellcheck shell=sh
# Part of mirror.sh and of load.sh: the index at the tag sha256-<hex>, where clients find what refers to a digest if a registry
# has no referrers API (OCI distribution specification 1.1, "Referrers Tag Schema"). Uses what skopeo.sh has.

# Tells whether this skopeo can push an index as it is. skopeo 1.9.3 drops the artifactType of the entries. No registry is
# asked: the index goes from one folder to another.
#   can_push_index FILE
can_push_index() {
  rm -rf "$dir/index"
  mkdir -p "$dir/index/from"
  cp "$1" "$dir/index/from/manifest.json"
  run "$QUESTION_SECONDS" copy --quiet --preserve-digests --multi-arch index-only "dir:$dir/index/from" "dir:$dir/index/to"
}

# Compares the index that is to be pushed with the one that is at its tag. Sets there to
#   all    it names everything that ours names, and more: it can stay
#   part   it names nothing that ours does not name: ours can replace it
#   other  it names something that ours does not name, and lacks something that ours names
#   compare_indexes OURS THEIRS
compare_indexes() {
  named_in "$1" | sort -u >"$dir/ours"
  named_in "$2" | sort -u >"$dir/theirs"
  compare_names
}

compare_names() {
  there=other
  if [ "$(comm -13 "$dir/ours" "$dir/theirs" | wc -l)" -eq 0 ]; then
    there=part
  elif [ "$(comm -23 "$dir/ours" "$dir/theirs" | wc -l)" -eq 0 ]; then
    there=all
  fi
}

# The same for two manifests at a tag of cosign 2, each layer of which is a signature, attestation or SBOM.
#   compare_cosign OURS THEIRS
compare_cosign() {
  layers_in "$1" | sort -u >"$dir/ours"
  layers_in "$2" | sort -u >"$dir/theirs"
  compare_names
}

# Prints the digests that an index or manifest names (OCI image specification, "Content Descriptors"), but not its subject,
# which is another image.
named_in() {
  in_subject=''
  fields_in "$1" | while IFS= read -r field || [ -n "$field" ]; do
    case $field in
      '"subject":') in_subject=yes ;;
      '"digest":"'*'"')
        field=${field#'"digest":"'}
        [ -n "$in_subject" ] || printf '%.80s\n' "${field%\"}"
        in_subject=''
        ;;
    esac
  done
}

# Prints the digest of each layer and, of a signature, its value: the same text signed by two keys is one layer.
layers_in() {
  in_layers=''
  fields_in "$1" | while IFS= read -r field || [ -n "$field" ]; do
    case $in_layers$field in
      '"layers":') in_layers=yes ;;
      'yes"config":' | 'yes"subject":') in_layers='' ;;
      'yes"digest":"'* | 'yes"dev.cosignproject.cosign/signature":"'*) printf '%s\n' "$field" ;;
    esac
  done
}

# Prints the keys and values of JSON on lines of their own, without blanks and what else cannot be shown.
fields_in() {
  # shellcheck disable=SC2020 # each of these characters ends a line
  tr -cd '\41-\176' <"$1" | tr '{}[],' '\n\n\n\n\n'
}
