#!/usr/bin/env bash
# Proves that `shared` builds for wasm32 by itself, and lints the front end as browsers get it.
source "$(dirname "$0")/env.sh"

use_wasm_compiler
say "shared: building for wasm32"
cargo build --locked -p shared --lib --target wasm32-unknown-unknown --profile wasm-release
if [ -n "${RUSTC:-}" ]; then
  say "front end: not linted for wasm32, since clippy does not come with $RUSTC"
else
  say "front end: linting for wasm32"
  cargo clippy --locked -p frontend --target wasm32-unknown-unknown --profile wasm-release -- -D warnings
fi
