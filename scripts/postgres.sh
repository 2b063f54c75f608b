#!/usr/bin/env bash
# Runs a command beside a PostgreSQL server of its own, which is gone when the command ends:
#   scripts/postgres.sh COMMAND [ARGUMENT...]
# ONFILE_POSTGRES_URL leads to it, as a superuser without a password; it listens on a socket in a
# temporary directory and nowhere else. Where ONFILE_POSTGRES_URL is set already, that server is used.
source "$(dirname "$0")/env.sh"

[ $# -gt 0 ] || die "which command? scripts/postgres.sh COMMAND [ARGUMENT...]"
[ -z "${ONFILE_POSTGRES_URL:-}" ] || exec "$@"

programs=$(find_postgres) || {
  scripts/setup.sh postgres
  programs=$(find_postgres) || die "initdb and postgres are not to be found; install PostgreSQL 15 or newer"
}

# the server refuses to run as root
as_server() {
  if [ "$(id -u)" = 0 ]; then (cd "$work" && exec setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"); else "$@"; fi
}

work=$(mktemp -d)
stop() {
  as_server "$programs/pg_ctl" --pgdata="$work/data" --mode=immediate --silent stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ "$(id -u)" != 0 ] || chown postgres "$work"
chmod 755 "$work" # whoever runs the command connects through a socket in it

as_server "$programs/initdb" --pgdata="$work/data" --username=onfile --auth=trust --encoding=UTF8 \
  --locale=C --no-sync >"$work/initdb.log" 2>&1 || die "initdb failed: $(tail -n 3 "$work/initdb.log")"
# one user that is asked for a password
sed -i '1i local all asked_for_password scram-sha-256' "$work/data/pg_hba.conf"
as_server "$programs/pg_ctl" --pgdata="$work/data" --log="$work/server.log" --silent --wait start \
  --options="-c listen_addresses='' -c unix_socket_directories='$work' -c max_connections=400 ${ONFILE_POSTGRES_OPTIONS:-}" ||
  die "PostgreSQL did not start: $(tail -n 3 "$work/server.log" 2>/dev/null)"

export ONFILE_POSTGRES_URL="postgres://onfile@localhost/postgres?host=$work"
"$@"
