# Owns the PostgreSQL of a run: one given by its address, or one started in a temporary folder.
# Does not own the schema, which the gateway migrates. Sourced by run.sh.

# The newest PostgreSQL on the machine; Debian keeps the server's programs out of PATH.
postgres_bin() {
    local bin
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
    [ -n "$bin" ] || bin=$(dirname "$(command -v initdb 2>/dev/null)" 2>/dev/null)
    [ -x "$bin/initdb" ] || { echo "initdb is missing; install Debian's package postgresql" >&2; return 1; }
    echo "$bin"
}

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Prints the address of an empty database. The names of what must be undone go through files,
# as this runs in a command substitution.
postgres_database() {
    if [ -n "${GATEHOUSE_TEST_POSTGRES_URL:-}" ]; then
        local name=gatehouse_peers_$$
        psql --quiet --no-psqlrc "$GATEHOUSE_TEST_POSTGRES_URL" -c "CREATE DATABASE $name" >&2 || return 1
        echo "$name" >"$work/scratch-database"
        sed -E "s#^(postgres(ql)?://[^/?]+)(/[^?]*)?#\\1/$name#" <<<"$GATEHOUSE_TEST_POSTGRES_URL"
        return
    fi
    local bin dir port
    bin=$(postgres_bin) || return 1
    dir=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-peers-pg.XXXXXX")
    echo "$dir" >"$work/postgres-dir"
    [ "$(id -u)" -ne 0 ] || chown postgres "$dir"
    port=$(free_port)
    as_postgres timeout 60 "$bin/initdb" --pgdata "$dir/data" --username gatehouse --auth trust --encoding UTF8 \
        --locale C.UTF-8 --no-sync >"$work/initdb.log" 2>&1 || { cat "$work/initdb.log" >&2; return 1; }
    as_postgres timeout 60 "$bin/pg_ctl" --pgdata "$dir/data" --log "$dir/server.log" --wait \
        -o "-h 127.0.0.1 -p $port -k $dir -c fsync=off" start >&2 || return 1
    psql --quiet --no-psqlrc "postgres://gatehouse@127.0.0.1:$port/postgres" -c 'CREATE DATABASE gatehouse' >&2 || return 1
    echo "postgres://gatehouse@127.0.0.1:$port/gatehouse"
}

drop_scratch_database() {
    [ -s "$work/scratch-database" ] || return 0
    psql --quiet --no-psqlrc "$GATEHOUSE_TEST_POSTGRES_URL" \
        -c "DROP DATABASE IF EXISTS $(cat "$work/scratch-database") WITH (FORCE)"
}

stop_postgres() {
    [ -s "$work/postgres-dir" ] || return 0
    local dir
    dir=$(cat "$work/postgres-dir")
    as_postgres timeout 30 "$(postgres_bin)/pg_ctl" --pgdata "$dir/data" --mode fast --wait stop >/dev/null
    rm -rf "$dir"
}
