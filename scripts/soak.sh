#!/usr/bin/env bash
# The fault campaigns of tests/faults, long: some ten minutes of an otherwise idle machine. Longer or
# shorter by the environment, and the same again with the seed that a run prints:
#   ONFILE_FAULT_CYCLES=1000 ONFILE_FAULT_SEED=4711 scripts/soak.sh [filter for the tests]
source "$(dirname "$0")/env.sh"

scripts/setup.sh faults
export ONFILE_FAULT_CYCLES=${ONFILE_FAULT_CYCLES:-200}
export ONFILE_POWER_CUTS=${ONFILE_POWER_CUTS:-500}
export ONFILE_DISK_RUNS=${ONFILE_DISK_RUNS:-20}
say "soak: $ONFILE_FAULT_CYCLES kill cycles, $ONFILE_POWER_CUTS power cuts, $ONFILE_DISK_RUNS runs of each broken disk"
exec cargo test --locked -p acceptance --test faults -- --nocapture --test-threads 1 "$@"
