#!/usr/bin/env bash
# Renews .sqlx of both storage engines: what the compiler needs to know of each query, taken from a
# database made of the migrations. With --check nothing is written; a difference is an error.
# Needs python3 and cargo, not sqlx-cli: the macros write their data themselves when SQLX_OFFLINE_DIR
# and a database are given. The PostgreSQL server is one of its own, see scripts/postgres.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${ONFILE_POSTGRES_URL:-}" ]; then
    scripts/postgres.sh "scripts/$(basename "$0")" "$@"
    exit
fi

work=$(mktemp -d)
base=${ONFILE_POSTGRES_URL%%\?*}
name=onfile_sqlx_$$
trap 'rm -rf "$work"; psql --quiet "$ONFILE_POSTGRES_URL" -c "drop database if exists $name with (force)" 2>/dev/null' EXIT

python3 - "$work/database" backend/store-sqlite/migrations/*.sql <<'PYTHON'
import pathlib, sqlite3, sys

database = sqlite3.connect(sys.argv[1])
for migration in sorted(sys.argv[2:]):
    database.executescript(pathlib.Path(migration).read_text(encoding="utf-8"))
database.commit()
database.close()
PYTHON

psql --quiet "$ONFILE_POSTGRES_URL" -c "create database $name"
postgres=${base%/*}/$name${ONFILE_POSTGRES_URL#"$base"}
for migration in backend/store-postgres/migrations/*.sql; do
    psql --quiet --set ON_ERROR_STOP=1 "$postgres" --file "$migration"
done

# prepare CRATE VARIABLE URL
prepare() {
    local crate=backend/$1 out=$work/$1 count
    mkdir "$out"
    # the macros run only when the crate is compiled anew
    touch "$crate/src/lib.rs"
    env -u DATABASE_URL SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$out" "$2=$3" \
        cargo check --quiet --package "$1" --lib
    # and what was compiled against the database is not to be taken for what .sqlx gives
    touch "$crate/src/lib.rs"

    count=$(find "$out" -name 'query-*.json' | wc -l)
    if [ "$count" -eq 0 ]; then
        echo "no query data came out of the compiler for $1" >&2
        exit 1
    fi
    if [ "$check" = --check ]; then
        if ! diff -ru "$crate/.sqlx" "$out"; then
            echo "$crate/.sqlx is not what the queries and migrations give; run scripts/sqlx-prepare.sh" >&2
            exit 1
        fi
        echo "$crate/.sqlx is up to date: $count queries"
    else
        mkdir -p "$crate/.sqlx"
        find "$crate/.sqlx" -name 'query-*.json' -delete
        cp "$out"/query-*.json "$crate/.sqlx/"
        echo "$crate/.sqlx: $count queries"
    fi
}

check=${1:-}
prepare store-sqlite ONFILE_SQLITE_DATABASE_URL "sqlite://$work/database"
prepare store-postgres ONFILE_POSTGRES_DATABASE_URL "$postgres"
