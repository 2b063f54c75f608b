#!/usr/bin/env bash
# Runs the browser tests against a fresh demo. Arguments go to node --test, e.g.
#   scripts/test-browser.sh --test-name-pattern=hindi
source "$(dirname "$0")/env.sh"

mapfile -t tests < <(find tests/browser -name node_modules -prune -o -name '*.test.*js' -print | sort)
[ ${#tests[@]} -gt 0 ] || die "tests/browser has no tests"
ONFILE_CHROMIUM=${ONFILE_CHROMIUM:-$(find_chromium)} || die "no chromium: scripts/setup.sh browser"
export ONFILE_CHROMIUM
say "browser tests with $ONFILE_CHROMIUM"
exec scripts/with-demo.sh node --test --test-reporter=spec --test-concurrency=1 "$@" "${tests[@]}"
