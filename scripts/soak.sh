#!/usr/bin/env bash
# The fault campaigns of tests/faults, long: half an hour of an otherwise idle machine. Longer or
# shorter by the environment, and the same again with the seed that a run prints:
#   ONFILE_FAULT_CYCLES=1000 ONFILE_FAULT_SEED=4711 scripts/soak.sh [filter for the tests]
source "$(dirname "$0")/env.sh"

scripts/setup.sh postgres faults
export ONFILE_FAULT_CYCLES=${ONFILE_FAULT_CYCLES:-200}
export ONFILE_POWER_CUTS=${ONFILE_POWER_CUTS:-500}
export ONFILE_DISK_RUNS=${ONFILE_DISK_RUNS:-20}
export ONFILE_POSTGRES_CRASHES=${ONFILE_POSTGRES_CRASHES:-100}
export ONFILE_NETWORK_ROUNDS=${ONFILE_NETWORK_ROUNDS:-10}
export ONFILE_NODE_KILLS=${ONFILE_NODE_KILLS:-50}
say "soak: $ONFILE_FAULT_CYCLES kill cycles, $ONFILE_POWER_CUTS power cuts, $ONFILE_DISK_RUNS runs of each broken disk"
say "soak: $ONFILE_POSTGRES_CRASHES crashes of PostgreSQL, $ONFILE_NETWORK_ROUNDS rounds of a broken network, $ONFILE_NODE_KILLS kills of a node"
exec cargo test --locked -p acceptance --test faults -- --nocapture --test-threads 1 "$@"
