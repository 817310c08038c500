#!/usr/bin/env bash
# Owns one run of the tests that a table of conformance names, and prints the table.
# Does not own the requirements (saml.toml, oidc.toml) nor how they are joined with results (table.py).
#
# Usage: run.sh [--of saml|oidc] [--markdown] [--from-log FILE…] [--peers-log FILE…]
#   --of              which table; without it, saml. It comes first
#   --markdown        print docs/conformance-saml.md (or -oidc.md) instead of aligned text
#   --from-log FILE…  read the output of earlier `cargo test` runs (both streams) and run nothing
#   --peers-log FILE… also read the output of tests/peers/run.sh
#   CARGO_FLAGS       flags for every cargo call (default: --locked)
# Ends with 1 when a test that a requirement names failed or does not exist.
set -u -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export PYTHONDONTWRITEBYTECODE=1

of=saml
if [ "${1:-}" = --of ]; then
    of=${2:-}
    shift 2
fi
case $of in
    saml | oidc) ;;
    *) echo "conformance: --of is saml or oidc" >&2 && exit 2 ;;
esac

table() { python3 "$here/table.py" --data "$here/$of.toml" "$@"; }

# The table must be sound before anything long is run for it. With --markdown, the table that was kept may be empty at
# this moment: it is what the output goes to.
parts=(-k Reading -k Judging -k Data)
[[ " $* " == *' --markdown '* ]] || parts+=(-k Kept)
python3 -m unittest --quiet "${parts[@]}" "$here/test_table.py" || exit 1

for argument in "$@"; do
    if [ "$argument" = --from-log ] || [ "$argument" = --help ]; then
        table "$@"
        exit
    fi
done

log=$(mktemp "${TMPDIR:-/tmp}/gatehouse-conformance.XXXXXX")
trap 'rm -f "$log"' EXIT

# A test that fails is told by its row; a build that fails, by the end of the log.
run() {
    echo "conformance: cargo test $1 …" >&2
    # shellcheck disable=SC2086 # flags are words
    (cd "$root" && cargo test ${CARGO_FLAGS---locked} --no-fail-fast "${@:2}") >>"$log" 2>&1 && return
    broken=yes
}

broken=
mapfile -t unit < <(table --needed lib)
mapfile -t integration < <(table --needed it)
[ "$of" != saml ] || run 'of the SAML crate' -p gatehouse-saml
[ "${#unit[@]}" -eq 0 ] || run 'of the library' -p gatehouse --lib -- --exact "${unit[@]}"
[ "${#integration[@]}" -eq 0 ] || run 'over HTTP' -p gatehouse --test it -- --exact "${integration[@]}"

table "$@" --from-log "$log"
status=$?
if [ -n "$broken" ]; then
    tail -n 60 "$log" >&2
    status=1
fi
exit "$status"
