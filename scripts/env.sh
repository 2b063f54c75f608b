# Sourced by every script: strict mode, the root as working directory, our own tools first in PATH.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export PATH="$ROOT/.tools/bin:$PATH"
export SQLX_OFFLINE=true # queries are checked against the committed .sqlx data, never a database

say() { printf '[%(%H:%M:%S)T] %s\n' -1 "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null; }
# Where initdb and postgres are: Debian keeps them out of PATH.
find_postgres() {
  local directory
  for directory in $(compgen -G '/usr/lib/postgresql/*/bin' | sort -rV); do
    if [ -x "$directory/initdb" ]; then
      echo "$directory"
      return
    fi
  done
  have initdb && dirname "$(command -v initdb)"
}
find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# The wasm32 standard library of the rustc in PATH.
has_wasm_target() {
  compgen -G "$(rustc --print target-libdir --target wasm32-unknown-unknown)/libstd-*.rlib" >/dev/null
}

# Where rustup could not bring that library, Debian's compiler builds it. Only for builds for wasm32
# with their own target directory (target/web): another compiler invalidates every native build.
# ONFILE_WASM=debian asks for this way although the target is installed.
use_wasm_compiler() {
  export CARGO_TARGET_DIR="$ROOT/target/web"
  if [ "${ONFILE_WASM:-}" = debian ] || ! has_wasm_target; then
    export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc
    export CARGO_UNSTABLE_BUILD_STD=std,panic_abort
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/rust-lld
  fi
}
