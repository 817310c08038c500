#!/usr/bin/env bash
# Owns one run of the browser journeys against `gatehouse demo`.
# Does not own the client libraries (tests/peers) nor the building of the gateway.
#
# Usage: run.sh [NAME…]     only the test files whose name holds one of these words
#   GATEHOUSE_BIN   the gateway (default: target/debug/gatehouse)
#   CHROMIUM        the browser (default: /usr/bin/chromium)
# Screenshots are left in out/.
set -u -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
gatehouse=${GATEHOUSE_BIN:-$root/target/debug/gatehouse}
export GATEHOUSE_BIN=$gatehouse
export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
work=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-e2e.XXXXXX")
demo_pid=

finish() {
    if [ -n "$demo_pid" ]; then
        local waited=0
        kill -TERM "$demo_pid" 2>/dev/null
        while kill -0 "$demo_pid" 2>/dev/null && [ "$waited" -lt 75 ]; do
            waited=$((waited + 1))
            sleep 0.2
        done
        kill -KILL "$demo_pid" 2>/dev/null && echo "run.sh: the demo did not stop within 15 s of SIGTERM" >&2
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    echo "run.sh: $*" >&2
    tail -n 40 "$work/demo.log" 2>/dev/null >&2
    echo '0 passed, 1 failed'
    exit 1
}

[ -x "$gatehouse" ] || fail "no gateway at $gatehouse; build it or set GATEHOUSE_BIN"
[ -x "$CHROMIUM" ] || fail "no browser at $CHROMIUM; install Debian's package chromium or set CHROMIUM"
command -v npm >/dev/null || fail "npm is missing; install Debian's package npm"
(cd "$here" && timeout 180 npm ci --no-audit --no-fund --loglevel=error) || fail 'npm ci failed'

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
(cd "$work" && exec "$gatehouse" demo --format json --listen "127.0.0.1:$port" --data-dir "$work/data") \
    >"$work/demo.json" 2>"$work/demo.log" &
demo_pid=$!
waited=0
until [ -s "$work/demo.json" ] && grep -q '}' "$work/demo.json"; do
    kill -0 "$demo_pid" 2>/dev/null || fail 'the demo ended before it was ready'
    waited=$((waited + 1))
    [ "$waited" -lt 300 ] || fail 'the demo was not ready after 60 s'
    sleep 0.2
done

mkdir -p "$here/out"
rm -f "$here"/out/*.png
cd "$here" || exit 1
files=()
for file in ./*.test.mjs; do
    [ $# -eq 0 ] && files+=("$file")
    for word in "$@"; do [[ $file == *"$word"* ]] && files+=("$file"); done
done
status=0
E2E_DEMO=$work/demo.json timeout --kill-after=10 1200 node --test --test-concurrency=1 --test-timeout=600000 \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$work/results.tap" "${files[@]}" || status=$?
passed=$(sed -n 's/^# pass //p' "$work/results.tap" | tail -1)
failed=$(sed -n 's/^# fail //p' "$work/results.tap" | tail -1)
passed=${passed:-0}
failed=${failed:-0}
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    echo "run.sh: the tests ended with status $status" >&2
    failed=1
fi
if grep -aq 'panicked at' "$work/demo.log"; then
    echo 'run.sh: the gateway panicked' >&2
    grep -a -A3 'panicked at' "$work/demo.log" >&2
    failed=$((failed + 1))
fi
kill -0 "$demo_pid" 2>/dev/null || { echo 'run.sh: the demo ended by itself' >&2; failed=$((failed + 1)); }
[ "$failed" -eq 0 ] || tail -n 20 "$work/demo.log"
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
