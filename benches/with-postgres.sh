#!/usr/bin/env bash
# Runs a command with BENCH_DATABASE_URL naming an empty database of a PostgreSQL that is started for it and stopped afterwards.
# Durable as PostgreSQL comes, unlike the one of the tests: its data lie on the build's disk, reachable by a Unix socket only.
#
#   benches/with-postgres.sh cargo bench --bench server -- oidc
set -euo pipefail
[ $# -gt 0 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$bin/initdb" ] || { echo "PostgreSQL 15 or later is missing: apt install postgresql" >&2; exit 2; }
mkdir -p "$root/target/tmp"
data=$(mktemp -d "$root/target/tmp/postgres.XXXXXX")
# A socket's path is short, and the account must reach it.
socket=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-bench-pg.XXXXXX")

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}
stop() {
    as_postgres "$bin/pg_ctl" --pgdata "$data" --mode fast --wait stop >/dev/null || true
    rm -rf "$data" "$socket"
}
trap stop EXIT
[ "$(id -u)" -ne 0 ] || chown postgres "$data" "$socket"
as_postgres "$bin/initdb" --pgdata "$data" --username gatehouse --auth trust --encoding UTF8 --locale C.UTF-8 >"$socket/initdb.log" 2>&1 \
    || { cat "$socket/initdb.log" >&2; exit 1; }
as_postgres "$bin/pg_ctl" --pgdata "$data" --log "$socket/server.log" --wait \
    -o "-k $socket -c listen_addresses= -c max_connections=100" start >/dev/null
as_postgres "$bin/createdb" --host "$socket" --username gatehouse bench
BENCH_DATABASE_URL="postgres://gatehouse@localhost/bench?host=$socket" "$@"
