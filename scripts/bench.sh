#!/usr/bin/env bash
# Measures the release binary: speed beside the limits of this machine, memory, and size. Takes about
# four minutes of an otherwise idle machine. Arguments go to the benchmark:
#   scripts/bench.sh [--customers 10000] [--rounds 3] [--seconds 3]
source "$(dirname "$0")/env.sh"

scripts/setup.sh bench
say "benchmark: building"
# Both in one call: the same features, so nothing is built twice.
cargo build --locked --release -p backend --bin onfile -p acceptance --bin bench
say "benchmark: measuring"
exec target/release/bench target/release/onfile "$@"
