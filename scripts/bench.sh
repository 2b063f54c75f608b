#!/usr/bin/env bash
# Measures the release binary: speed beside the limits of this machine, memory, and size. Takes about
# six minutes of an otherwise idle machine. Arguments go to the benchmark:
#   scripts/bench.sh [--customers 10000] [--rounds 3] [--seconds 3]
#   scripts/bench.sh --million     instead: find by phone, cold start and size with 1,000,000 customers
#   scripts/bench.sh --slow-disk   instead: durable creations, with every sync half a millisecond longer
# Where PostgreSQL is installed it is measured too, on a server of its own with the settings it comes
# with, or on the one that ONFILE_POSTGRES_URL leads to.
source "$(dirname "$0")/env.sh"

scripts/setup.sh bench
say "benchmark: building"
# Both in one call: the same features, so nothing is built twice.
cargo build --locked --release -p backend --bin onfile -p acceptance --bin bench
say "benchmark: measuring"
around=()
if [[ " $* " == *" --slow-disk "* ]]; then
  scripts/setup.sh faults
  # Holds up whoever syncs, and nobody else: other calls are not traced.
  around=(strace -f --seccomp-bpf -qq -o /dev/null -e trace=fsync,fdatasync -e signal=none
    -e inject=fsync,fdatasync:delay_exit=500)
elif programs=$(find_postgres); then
  export PATH="$PATH:$programs" # where pgbench may be
  export TMPDIR="${TMPDIR:-/var/tmp}" # on a disk, which /tmp may not be
  around=(scripts/postgres.sh)
fi
exec "${around[@]}" target/release/bench target/release/onfile "$@"
