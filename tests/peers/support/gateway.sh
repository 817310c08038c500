# Owns the starting and stopping of one gateway, by process id. Sourced by run.sh.
# Does not own its configuration, which support/prepare.py writes.

# gateway_command STATE NAME ARGUMENTS…  One run of the command line, bounded, logged to NAME.log.
gateway_command() {
    local state=$1 name=$2
    shift 2
    (cd "$state" && timeout 60 "$gatehouse" "$@" --config "$state/gatehouse.toml") >"$state/$name.log" 2>&1 || {
        echo "gatehouse $1 failed:" >&2
        cat "$state/$name.log" >&2
        return 1
    }
}

start_gateway() {
    local state=$1 url waited=0
    url=$(cat "$state/url")
    gateway_command "$state" migrate migrate || return 1
    gateway_command "$state" apply apply "$state/org.yaml" || return 1
    # A second pass must find nothing left to do.
    gateway_command "$state" apply-again apply "$state/org.yaml" || return 1
    grep -q '^No change' "$state/apply-again.log" || { echo "apply isn't idempotent:" >&2; cat "$state/apply-again.log" >&2; return 1; }
    (cd "$state" && exec "$gatehouse" serve --config "$state/gatehouse.toml") >"$state/serve.log" 2>&1 &
    gateway_pid=$!
    until curl --silent --fail --max-time 2 --output /dev/null "$url/readyz"; do
        kill -0 "$gateway_pid" 2>/dev/null || { echo "gatehouse serve ended before it was ready" >&2; return 1; }
        waited=$((waited + 1))
        [ "$waited" -lt 150 ] || { echo "not ready after 30 s" >&2; return 1; }
        sleep 0.2
    done
}

stop_gateway() {
    [ -n "$gateway_pid" ] || return 0
    local waited=0
    kill -TERM "$gateway_pid" 2>/dev/null
    while kill -0 "$gateway_pid" 2>/dev/null && [ "$waited" -lt 75 ]; do
        waited=$((waited + 1))
        sleep 0.2
    done
    if kill -0 "$gateway_pid" 2>/dev/null; then
        kill -KILL "$gateway_pid"
        broken "the gateway did not stop within 15 s of SIGTERM"
    fi
    wait "$gateway_pid" 2>/dev/null
    gateway_pid=
}
