#!/usr/bin/env bash
# Renews backend/store-sqlite/.sqlx: what the compiler needs to know of each query, taken from a
# database made of the migrations. With --check nothing is written; a difference is an error.
# Needs python3 and cargo, not sqlx-cli: the macros write their data themselves when SQLX_OFFLINE_DIR
# and a database are given.
set -euo pipefail
cd "$(dirname "$0")/.."

crate=backend/store-sqlite
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/sqlx"

python3 - "$work/database" "$crate"/migrations/*.sql <<'PYTHON'
import pathlib, sqlite3, sys

database = sqlite3.connect(sys.argv[1])
for migration in sorted(sys.argv[2:]):
    database.executescript(pathlib.Path(migration).read_text(encoding="utf-8"))
database.commit()
database.close()
PYTHON

# the macros run only when the crate is compiled anew
touch "$crate/src/lib.rs"
env -u DATABASE_URL SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$work/sqlx" \
    ONFILE_SQLITE_DATABASE_URL="sqlite://$work/database" \
    cargo check --quiet --package store-sqlite --lib
# and what was compiled against the database is not to be taken for what .sqlx gives
touch "$crate/src/lib.rs"

count=$(find "$work/sqlx" -name 'query-*.json' | wc -l)
if [ "$count" -eq 0 ]; then
    echo "no query data came out of the compiler" >&2
    exit 1
fi

if [ "${1:-}" = --check ]; then
    if ! diff -ru "$crate/.sqlx" "$work/sqlx"; then
        echo "$crate/.sqlx is not what the queries and migrations give; run scripts/sqlx-prepare.sh" >&2
        exit 1
    fi
    echo "$crate/.sqlx is up to date: $count queries"
else
    mkdir -p "$crate/.sqlx"
    find "$crate/.sqlx" -name 'query-*.json' -delete
    cp "$work"/sqlx/query-*.json "$crate/.sqlx/"
    echo "$crate/.sqlx: $count queries"
fi
