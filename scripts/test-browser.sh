#!/usr/bin/env bash
# Runs the browser tests, each file against a fresh demo of its own: all visitors come from one address,
# and ten codes for one address in ten minutes is a limit of the product that no test may lift.
# A file is chosen by its name, other arguments go to node --test, e.g.
#   scripts/test-browser.sh ways --test-name-pattern=Hindi
source "$(dirname "$0")/env.sh"

only=
if [ $# -gt 0 ] && [ -f "tests/browser/$1.test.mjs" ]; then
  only=$1
  shift
fi
mapfile -t tests < <(find tests/browser -maxdepth 1 -name "${only:-*}.test.mjs" | sort)
[ ${#tests[@]} -gt 0 ] || die "tests/browser has no tests"
ONFILE_CHROMIUM=${ONFILE_CHROMIUM:-$(find_chromium)} || die "no chromium: scripts/setup.sh browser"
export ONFILE_CHROMIUM
say "browser tests with $ONFILE_CHROMIUM"
for test in "${tests[@]}"; do
  scripts/with-demo.sh node --test --test-reporter=spec "$@" "$test"
done
