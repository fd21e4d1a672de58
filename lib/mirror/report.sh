# shellcheck shell=sh
# Part of mirror.sh and of load.sh: the lines of JSON on standard output. No field can hold what JSON would escape.

# The line of an image; more, where it is not empty, are further keys with their values.
print_result() {
  list=''
  old_ifs=$IFS IFS=,
  for container in $containers; do list="$list${list:+,}\"$container\""; done
  IFS=$old_ifs
  if [ "$result" = failed ]; then
    case $retry in yes) kind=transient ;; *) kind=permanent ;; esac
    more="$more${more:+,}\"failure\":\"$kind\",\"class\":\"$class\",\"error\":\"$error\",\"hint\":\"$hint\""
  fi
  printf '{"image":"%s","digest":"%s","containers":[%s],"result":"%s"%s}\n' \
    "$target" "${wanted#-}" "$list" "$result" "${more:+,$more}"
}

# The last line, with its counts as keys and values.
print_summary() {
  printf '{"expected":%d,%s}\n' "$expected" "$1"
}

# Prints the numbers of artifacts as a key, of an image or of all of them.
#   artifacts_key EXPECTED COPIED SKIPPED FAILED
artifacts_key() {
  printf '"artifacts":{"expected":%d,"copied":%d,"skipped":%d,"failed":%d}' "$1" "$2" "$3" "$4"
}
