#!/usr/bin/env bash
# Runs the official Python SDK against a fresh demo. Arguments go to unittest.
source "$(dirname "$0")/env.sh"

compgen -G 'tests/sdk/test*.py' >/dev/null || die "tests/sdk has no tests"
say "SDK tests"
exec scripts/with-demo.sh .tools/venv/bin/python -m unittest discover -v -s tests/sdk "$@"
