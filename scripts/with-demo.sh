#!/usr/bin/env bash
# Runs a command against a fresh demo: starts target/release/onfile on free ports with a new data
# directory, waits until it serves, runs the command with ONFILE_DEMO_JSON naming the file that says
# where everything is, then interrupts the demo and insists that it ends with status 0.
#   scripts/with-demo.sh COMMAND [ARGUMENTS]
source "$(dirname "$0")/env.sh"

BINARY=${ONFILE_BINARY:-target/release/onfile}
START_TIMEOUT_S=30
STOP_TIMEOUT_S=15

[ -x $BINARY ] || die "$BINARY is missing: make build"
dir=$(mktemp -d)
log=$dir/onfile.log
pid=

finish() {
  local status=$?
  if [ -n "$pid" ]; then
    kill -KILL "$pid" 2>/dev/null || true
  fi
  if [ "$status" != 0 ] && [ -s "$log" ]; then
    echo "--- the demo's last lines:" >&2
    tail -n 40 "$log" >&2
  fi
  rm -rf "$dir"
}
trap finish EXIT

# poll SECONDS COMMAND: until the command succeeds; fails when the time is up.
poll() {
  local tries=$(($1 * 10))
  shift
  until "$@"; do
    ((tries-- > 0)) || return 1
    sleep 0.1
  done
}
ended() { ! kill -0 "$pid" 2>/dev/null; }
ready_or_ended() { [ -f "$dir/data/demo.json" ] || ended; }

read -r public admin shop < <(node -e '
  const { createServer } = require("node:net");
  const servers = [0, 0, 0].map(() => createServer().listen(0, "127.0.0.1"));
  Promise.all(servers.map((s) => new Promise((listening) => s.on("listening", listening)))).then(() => {
    console.log(servers.map((s) => s.address().port).join(" "));
    servers.forEach((s) => s.close());
  });')

database=()
if [ "${ONFILE_TEST_DATABASE:-}" = postgres ]; then
  [ -n "${ONFILE_POSTGRES_URL:-}" ] || die "there is no PostgreSQL server: run this with scripts/postgres.sh"
  psql --quiet "$ONFILE_POSTGRES_URL" --command "create database onfile_demo_$$"
  database=(--database-url "${ONFILE_POSTGRES_URL/\/postgres?/\/onfile_demo_$$?}")
fi

say "demo: starting on ports $public, $admin, $shop"
$BINARY demo --data-dir "$dir/data" "${database[@]}" --public-addr "127.0.0.1:$public" \
  --admin-addr "127.0.0.1:$admin" --shop-addr "127.0.0.1:$shop" >"$log" 2>&1 &
pid=$!
poll $START_TIMEOUT_S ready_or_ended || die "the demo wrote no demo.json within $START_TIMEOUT_S s"
! ended || die "the demo ended before it was ready"

status=0
ONFILE_DEMO_JSON="$dir/data/demo.json" "$@" || status=$?

! ended || die "the demo died while the tests ran"
kill -INT "$pid"
poll $STOP_TIMEOUT_S ended || die "the demo did not end within $STOP_TIMEOUT_S s of an interrupt"
demo_status=0
wait "$pid" || demo_status=$?
pid=
[ $demo_status = 0 ] || die "the demo ended with status $demo_status after an interrupt"
say "demo: ended with status 0"
exit $status
