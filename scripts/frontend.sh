#!/usr/bin/env bash
# Builds the two pages and the loader into dist/, with .br and .gz beside every file, unless nothing
# they are made from has changed since the last success.
source "$(dirname "$0")/env.sh"

STAMP=target/web/frontend.sha256

inputs_hash() {
  {
    "${RUSTC:-rustc}" --version
    find frontend shared style Cargo.toml Cargo.lock Trunk.toml scripts/{env.sh,frontend.sh,compress.mjs} \
      -type d \( -name node_modules -o -name target -o -name tests \) -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
  } | sha256sum
}

use_wasm_compiler
hash=$(inputs_hash)
if [ -f dist/widget/index.html ] && [ -f dist/admin/index.html ] && [ "$(cat $STAMP 2>/dev/null)" = "$hash" ]; then
  say "front end: unchanged"
  exit
fi
rm -f $STAMP

# Trunk calls cargo with --offline, so whatever is missing has to be fetched before.
say "front end: dependencies"
cargo fetch --locked --target wasm32-unknown-unknown --target "$(rustc -vV | sed -n 's/^host: //p')"

# Trunk reads NO_COLOR as a boolean and refuses the customary NO_COLOR=1.
say "front end: widget"
env -u NO_COLOR trunk build
say "front end: admin page"
env -u NO_COLOR trunk build frontend/admin.html --dist dist/admin
# What needs no compiler: the loader, the frame's script, its one style sheet, the tables of texts.
rm -rf dist/loader && mkdir dist/loader
cp frontend/loader/{onfile,frame}.js dist/loader/
cat style/{tokens,reset,widget}.css >dist/loader/widget.css
for table in shared/text/*.json; do cp "$table" "dist/loader/text-$(basename "$table")"; done

if grep -l innerHTML dist/widget/*.js dist/admin/*.js; then
  die "this glue sets innerHTML, which Trusted Types forbids on a merchant's page: some view is
  written with plain view! and has a static subtree; use the project's own view macro instead"
fi

# Trunk's own minifier does not understand wasm-bindgen's glue.
say "front end: minifying"
for file in dist/{widget,admin}/*.js dist/loader/*.js dist/{admin,loader}/*.css; do
  tests/browser/node_modules/.bin/esbuild --minify --log-level=error --allow-overwrite --outfile="$file" "$file"
done

say "front end: compressing"
node scripts/compress.mjs dist
echo "$hash" >$STAMP
say "front end: done"
