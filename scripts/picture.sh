#!/bin/sh
# docs/images/report.png, the picture of the report in the README: needs chromium. Run it when the page looks different.
set -e
cd "$(dirname "$0")/../test/fixtures/releases"
page=$(mktemp --suffix=.html)
trap 'rm -f "$page"' EXIT
node ../../../build/ess-airgap.cjs report --since old.yml >"$page"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1100,700 \
  --screenshot="$PWD/../../../docs/images/report.png" "file://$page"
