#!/usr/bin/env bash
# Fuzzes one target.
#
#   ./run.sh TARGET [SECONDS | -runs=N] [flags of libFuzzer …]
#   ./run.sh TARGET FILE [flags of libFuzzer …]   one input, such as a finding
#   ./run.sh --build              builds every target
#   ./run.sh --short [SECONDS]    every target over its kept corpus, 10 seconds each: what continuous integration runs
#   ./run.sh --fast TARGET …      as without, but comparisons are not looked into: three times as many executions, for a corpus that
#                                 has grown
#   ./run.sh --minimise TARGET    keeps of corpus and finds only what covers something of its own
#
# What is found new is kept in target/found/TARGET, a failing input in artifacts/TARGET.
set -euo pipefail
# An input is named from where the caller stands.
[ ! -f "${2:-}" ] || set -- "$1" "$(realpath -- "$2")" "${@:3}"
cd "$(dirname "${BASH_SOURCE[0]}")"

# Instrumentation by the compiler that is there: these flags work on stable Rust. The host triple is named so that build
# scripts and macros are built without them.
readonly host="$(rustc -vV | sed -n 's/^host: //p')"
target_dir="${CARGO_TARGET_DIR:-target}"
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4\
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1"
readonly found="$target_dir/found"
if [ "${1:-}" = --fast ]; then
    shift
    # Other flags, other objects.
    export CARGO_TARGET_DIR="$target_dir/fast"
    target_dir="$CARGO_TARGET_DIR"
else
    RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-trace-compares"
fi
readonly target_dir

fail() {
    echo "fuzz/run.sh: $1" >&2
    exit 2
}

targets() {
    basename --suffix=.rs fuzz_targets/*.rs
}

build() {
    cargo build --locked --release --target "$host" --features libfuzzer "$@"
}

program() {
    echo "$target_dir/$host/release/$1"
}

# The largest input worth trying, in bytes.
largest() {
    case "$1" in
        expression) echo 1024 ;;
        oidc_basic_header) echo 1024 ;;
        saml_sp_metadata | saml_signature_gate) echo 16384 ;;
        *) echo 8192 ;;
    esac
}

dictionary() {
    case "$1" in
        expression) echo expression ;;
        oidc_jwt | oidc_dpop_proof | oidc_client_assertion | oidc_claims_parameter) echo json ;;
        oidc_*) echo query ;;
        *) echo xml ;;
    esac
}

# 10 seconds for one input is a finding: nothing here may take long. So is half a gigabyte.
run() {
    local name="$1"
    shift
    mkdir -p "artifacts/$name" "$found/$name"
    "$(program "$name")" "$found/$name" "corpus/$name" -artifact_prefix="artifacts/$name/" \
        -dict="dictionaries/$(dictionary "$name").dict" -max_len="$(largest "$name")" -timeout=10 -rss_limit_mb=512 \
        -print_final_stats=1 "$@"
}

case "${1:-}" in
    --build)
        build --bins
        ;;
    --short)
        build --bins
        for name in $(targets); do
            echo "== $name"
            log="$(mktemp)"
            # The same inputs each time: what fails is of the change, not of luck.
            run "$name" -seed=1 -max_total_time="${2:-10}" >"$log" 2>&1 || { cat "$log"; rm -f "$log"; fail "$name failed"; }
            grep -E 'cov: ' "$log" | tail -n 1
            grep -E 'number_of_executed_units|average_exec_per_sec' "$log"
            rm -f "$log"
        done
        ;;
    --minimise)
        name="${2:?name a target}"
        build --bin "$name"
        kept="$(mktemp -d)"
        trap 'rm -rf "$kept"' EXIT
        mkdir -p "$found/$name"
        "$(program "$name")" -set_cover_merge=1 -max_len="$(largest "$name")" "$kept" "corpus/$name" "$found/$name"
        # As many as are worth keeping in git, in the order of their hashes: a fair choice of small and large. The seeds
        # with names stay in any case.
        find "corpus/$name" -type f -regextype posix-egrep -regex '.*/[0-9a-f]{40}' -delete
        used="$(cat "corpus/$name"/* | wc -c)"
        left=300
        while read -r file size; do
            ((left > 0)) || break
            ((used + size <= 100 * 1024)) || continue
            cp "$kept/$file" "corpus/$name/$file"
            ((left -= 1, used += size)) || true
        done < <(find "$kept" -type f -printf '%f %s\n' | sort)
        ;;
    "" | -*)
        fail "name a target: $(targets | tr '\n' ' ')"
        ;;
    *)
        name="$1"
        shift
        [ -f "fuzz_targets/$name.rs" ] || fail "there is no target $name; there are: $(targets | tr '\n' ' ')"
        if [ -f "${1:-}" ]; then
            build --bin "$name"
            mkdir -p "artifacts/$name"
            exec "$(program "$name")" "$@" -artifact_prefix="artifacts/$name/" -timeout=10 -rss_limit_mb=512
        fi
        limit="-max_total_time=60"
        case "${1:-}" in
            "") ;;
            -*) limit="" ;;
            *) limit="-max_total_time=$1" && shift ;;
        esac
        build --bin "$name"
        run "$name" ${limit:+"$limit"} "$@"
        ;;
esac
