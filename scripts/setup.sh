#!/usr/bin/env bash
# Installs what is missing into .tools/ (git-ignored) and reuses what is there.
#   scripts/setup.sh [wasm] [node] [browser] [python] [postgres] [faults]   nothing named: these six
#   scripts/setup.sh bench                                                  what only the benchmark needs
source "$(dirname "$0")/env.sh"

NODE_MAJOR=20
TRUNK_VERSION=0.21.14

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "this needs root or sudo: $*"
  fi
}

apt_install() {
  have apt-get || die "please install with your package manager, then run this again: $*"
  say "apt-get install $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# cargo_tool NAME CRATE VERSION [flags]: unless PATH or .tools/bin has that very version.
cargo_tool() {
  local name=$1 crate=$2 version=$3
  shift 3
  if "$name" --version 2>/dev/null | grep -qxF "$name $version"; then
    say "$name $version: present"
    return
  fi
  say "$name $version: building, a few minutes"
  # They run for seconds, so built cheaply: a third of the compile time.
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_TARGET_DIR="$ROOT/target/tools" \
    cargo install "$crate" --version "$version" --root "$ROOT/.tools" --force "$@"
  rm -rf "$ROOT/target/tools"
}

setup_rust() {
  have cargo || die "cargo is missing: install Rust from https://rustup.rs, then run this again"
  have cc || apt_install gcc libc6-dev
}

setup_wasm() {
  setup_rust
  if [ "${ONFILE_WASM:-}" != debian ] && has_wasm_target; then
    say "wasm32 standard library: present"
  elif [ "${ONFILE_WASM:-}" != debian ] && have rustup &&
    timeout 300 rustup target add wasm32-unknown-unknown; then
    say "wasm32 standard library: installed by rustup"
  else
    if [ ! -d /usr/lib/rustlib/src/rust/library ] || ! have /usr/bin/rust-lld; then
      apt_install rustc-web rust-web-src rust-web-llvm
      # A link to lld-NN, whose package nothing there depends on.
      have /usr/bin/rust-lld || apt_install "$(readlink /usr/bin/rust-lld)"
    fi
    say "wasm32 standard library: built by Debian's rustc-web, since rustup did not bring it"
  fi
  cargo_tool wasm-bindgen wasm-bindgen-cli "$(locked_version wasm-bindgen)"
  cargo_tool trunk trunk "$TRUNK_VERSION" --locked --no-default-features --features rustls
  if have wasm-opt; then
    say "$(wasm-opt --version): present"
  else
    setup_node
    mkdir -p .tools/bin
    ln -sfn ../../tests/browser/node_modules/binaryen/bin/wasm-opt .tools/bin/wasm-opt
    say "$(wasm-opt --version): linked from tests/browser/node_modules"
  fi
}

locked_version() {
  [ -f Cargo.lock ] || die "Cargo.lock is missing"
  grep -A1 -xF "name = \"$1\"" Cargo.lock | sed -n 's/^version = "\(.*\)"$/\1/p'
}

node_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

setup_node() {
  if ! have node || ! have npm; then apt_install nodejs npm; fi
  if [ "$(node_major)" -lt $NODE_MAJOR ]; then
    # An older distribution's node is enough to fetch a newer one, which npm has as a package.
    local machine
    case $(uname -m) in x86_64) machine=x64 ;; aarch64) machine=arm64 ;; *) machine=$(uname -m) ;; esac
    mkdir -p .tools/node .tools/bin
    npm install --prefix .tools/node --no-audit --no-fund "node-linux-$machine@22"
    ln -sfn "../node/node_modules/node-linux-$machine/bin/node" .tools/bin/node
  fi
  [ "$(node_major)" -ge $NODE_MAJOR ] || die "node $NODE_MAJOR or newer is needed"

  local lock=tests/browser/package-lock.json
  if [ tests/browser/node_modules/.package-lock.json -nt $lock ]; then
    say "node $(node --version) and packages: present"
  else
    say "node $(node --version): npm ci in tests/browser"
    npm ci --prefix tests/browser --no-audit --no-fund
  fi
}

setup_browser() {
  local packages=()
  find_chromium >/dev/null || packages+=(chromium)
  have fc-list || packages+=(fontconfig)
  has_font_for en || packages+=(fonts-dejavu-core)
  has_font_for hi || packages+=(fonts-lohit-deva) # Devanagari in 187 KB
  [ ${#packages[@]} = 0 ] || apt_install "${packages[@]}"
  say "$("$(find_chromium)" --version 2>/dev/null): present"
}

has_font_for() { [ -n "$(fc-list ":lang=$1" 2>/dev/null)" ]; }

setup_python() {
  local wanted=tests/sdk/requirements.txt stamp=.tools/venv/requirements.txt
  if cmp -s $wanted $stamp; then
    say "python environment: present"
    return
  fi
  say "python environment: .tools/venv from $wanted"
  rm -rf .tools/venv
  python3 -m venv .tools/venv 2>/dev/null || {
    apt_install python3-venv
    python3 -m venv .tools/venv
  }
  .tools/venv/bin/pip install --quiet --disable-pip-version-check -r $wanted
  cp $wanted $stamp
}

setup_postgres() {
  find_postgres >/dev/null || apt_install postgresql
  say "$("$(find_postgres)/postgres" --version): present"
}

setup_faults() {
  have strace || apt_install strace
  say "strace $(strace --version | sed -n '1s/.*version //p'): present"
  # the campaign that needs it says so and is skipped where it cannot be had
  if has_faketime || { have apt-get && (apt_install libfaketime) && has_faketime; }; then
    say "libfaketime: present"
  else
    say "libfaketime: not to be had here; the clock will not jump"
  fi
}

has_faketime() { compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null; }

setup_bench() {
  have wrk || apt_install wrk
  say "$(wrk -v 2>&1 | sed -n '1s/ Copyright.*//p'): present"
}

[ $# -gt 0 ] || set -- wasm node browser python postgres faults
for part in "$@"; do
  case $part in
    wasm | node | browser | python | postgres | faults | bench) "setup_$part" ;;
    *) die "unknown part: $part (there are wasm, node, browser, python, postgres, faults, bench)" ;;
  esac
done
