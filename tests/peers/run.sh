#!/usr/bin/env bash
# Owns one run of real SAML and OIDC client libraries against a running gateway.
# Does not own the browser journeys (tests/e2e) nor the building of the gateway.
#
# Usage: run.sh [--postgres] [--keep]
#   GATEHOUSE_BIN                 the gateway (default: target/debug/gatehouse)
#   GATEHOUSE_TEST_POSTGRES_URL   also run on this server, in a database of its own
#   --postgres                    also run on a PostgreSQL started here for the purpose
#   --keep                        leave the working folder behind and say where it is
set -u -o pipefail
# Where Debian keeps servers.
PATH=$PATH:/usr/sbin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
gatehouse=${GATEHOUSE_BIN:-$root/target/debug/gatehouse}
want_postgres=${GATEHOUSE_TEST_POSTGRES_URL:+yes}
keep=

for argument in "$@"; do
    case $argument in
        --postgres) want_postgres=yes ;;
        --keep) keep=yes ;;
        *) echo "run.sh: unknown argument '$argument'; use --postgres or --keep" >&2; exit 2 ;;
    esac
done

passed=0
failed=0
gateway_pid=
beside_pid=
work=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-peers.XXXXXX")

source "$here/support/gateway.sh"
source "$here/support/postgres.sh"

finish() {
    [ -z "$beside_pid" ] || kill -TERM "$beside_pid" 2>/dev/null
    stop_gateway
    drop_scratch_database
    stop_postgres
    if [ -n "$keep" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }

# A step that ends badly without having counted its own tests is one failure.
broken() { echo "FAILED: $*" >&2; failed=$((failed + 1)); }

need() {
    command -v "$1" >/dev/null || { echo "run.sh: '$1' is missing; install Debian's package $2" >&2; exit 1; }
}

install_peers() {
    need xmlsec1 xmlsec1
    need xmllint libxml2-utils
    need openssl openssl
    need curl curl
    need node nodejs
    need npm npm
    need php 'php-cli, php-xml and simplesamlphp'
    [ -d /usr/share/simplesamlphp/www ] || { echo "run.sh: SimpleSAMLphp is missing; install Debian's package simplesamlphp" >&2; exit 1; }
    need apache2 apache2-bin
    [ -f /usr/lib/apache2/modules/mod_auth_openidc.so ] || { echo "run.sh: mod_auth_openidc is missing; install Debian's package libapache2-mod-auth-openidc" >&2; exit 1; }
    need mellon_create_metadata libapache2-mod-auth-mellon
    need shibd libapache2-mod-shib
    [ -f /usr/share/xml/opensaml/saml-schema-protocol-2.0.xsd ] \
        || { echo "run.sh: the OASIS schemas are missing; install Debian's packages opensaml-schemas and xmltooling-schemas" >&2; exit 1; }
    local wanted installed=$here/.venv/.requirements
    wanted=$(sha256sum "$here/requirements.txt")
    if [ "$(cat "$installed" 2>/dev/null)" != "$wanted" ]; then
        rm -rf "$here/.venv"
        timeout 60 python3 -m venv "$here/.venv" || exit 1
        timeout 300 "$here/.venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            --requirement "$here/requirements.txt" || exit 1
        echo "$wanted" >"$installed"
    fi
    # npm ci begins by removing the folder, and the note of what is in it with it.
    installed=$here/node_modules/.package-lock.sha256
    wanted=$(sha256sum "$here/package-lock.json")
    if [ "$(cat "$installed" 2>/dev/null)" != "$wanted" ]; then
        (cd "$here" && timeout 180 npm ci --no-audit --no-fund --loglevel=error) || exit 1
        echo "$wanted" >"$installed"
    fi
}

# count NAME STATUS FILE  Adds what a suite wrote to FILE, "PASSED FAILED".
count() {
    local name=$1 status=$2 file=$3 p=0 f=0
    if [ -s "$file" ]; then
        read -r p f <"$file"
        passed=$((passed + p))
        failed=$((failed + f))
        [ "$status" -eq 0 ] || [ "$f" -gt 0 ] || broken "$name ended with status $status"
    else
        broken "$name ended with status $status before it counted its tests"
    fi
}

# run_suite NAME SECONDS COMMAND…  The command writes its counts to $PEERS_COUNTS.
run_suite() {
    local name=$1 limit=$2 began=$SECONDS
    shift 2
    say "$name ($database)"
    rm -f "$PEERS_COUNTS"
    timeout --kill-after=5 "$limit" "$@"
    count "$name" "$?" "$PEERS_COUNTS"
    echo "$name took $((SECONDS - began)) s"
}

# start_beside NAME SECONDS COMMAND…  As run_suite, but others run meanwhile; for what lasts by the clock.
start_beside() {
    local limit=$2
    beside_name=$1
    shift 2
    rm -f "$work/beside.counts"
    PEERS_COUNTS=$work/beside.counts timeout --kill-after=5 "$limit" "$@" >"$work/beside.log" 2>&1 &
    beside_pid=$!
}

# Waits for what start_beside started, shows what it said and counts it.
end_beside() {
    local status=0
    say "$beside_name, beside the others ($database)"
    wait "$beside_pid" || status=$?
    beside_pid=
    cat "$work/beside.log"
    count "$beside_name" "$status" "$work/beside.counts"
}

openid_client() {
    local output=$work/openid-client.tap status=0 p f
    (cd "$here" && node --test --test-reporter=tap --test-reporter-destination="$output" \
        --test-reporter=spec --test-reporter-destination=stdout --test-concurrency=1 ./*.test.mjs) || status=$?
    p=$(sed -n 's/^# pass //p' "$output" | tail -1)
    f=$(sed -n 's/^# fail //p' "$output" | tail -1)
    [ -n "$p" ] && echo "$p ${f:-0}" >"$PEERS_COUNTS"
    return "$status"
}

# Everything that is done for one database, given by its URL.
run_on() {
    database=$1
    local url=$2 state=$work/$1
    mkdir -p "$state/messages"
    export PEERS_STATE=$state PEERS_COUNTS=$work/counts XML_CATALOG_FILES=$here/schemas/catalog.xml
    export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1
    say "starting the gateway ($database)"
    if ! timeout 60 "$here/.venv/bin/python" -m support.prepare "$url" "$state" || ! start_gateway "$state"; then
        broken "the gateway did not start on $database"
        tail -n 40 "$state"/*.log 2>/dev/null
        stop_gateway
        return
    fi
    # It has an app of its own, and steps at fixed times.
    start_beside 'a certificate rollover' 180 "$here/.venv/bin/python" -m support.runner test_rollover
    run_suite 'python3-saml' 120 "$here/.venv/bin/python" -m support.runner test_python3_saml
    run_suite 'pysaml2' 120 "$here/.venv/bin/python" -m support.runner test_pysaml2
    run_suite 'python3-saml, sealed' 120 "$here/.venv/bin/python" -m support.runner test_python3_saml_sealed
    run_suite 'pysaml2, sealed' 120 "$here/.venv/bin/python" -m support.runner test_pysaml2_sealed
    run_suite 'node-saml' 120 "$here/.venv/bin/python" -m support.runner test_node_saml
    run_suite 'samlify' 120 "$here/.venv/bin/python" -m support.runner test_samlify
    run_suite 'djangosaml2' 120 "$here/.venv/bin/python" -m support.runner test_djangosaml2
    run_suite 'SimpleSAMLphp' 120 "$here/.venv/bin/python" -m support.runner test_simplesamlphp
    run_suite 'mod_auth_mellon and Shibboleth SP' 180 "$here/.venv/bin/python" -m support.runner test_apache
    run_suite 'requests' 120 "$here/.venv/bin/python" -m support.runner test_requests
    run_suite 'refusals' 120 "$here/.venv/bin/python" -m support.runner test_refusals
    run_suite 'Authlib' 120 "$here/.venv/bin/python" -m support.runner test_oidc_authlib
    run_suite 'mod_auth_openidc' 120 "$here/.venv/bin/python" -m support.runner test_oidc_mod_auth_openidc
    run_suite 'JupyterHub' 120 "$here/.venv/bin/python" -m support.runner test_oidc_jupyterhub
    export -f openid_client
    run_suite 'openid-client, oauth4webapi and oidc-client-ts' 180 env here="$here" work="$work" bash -c openid_client
    end_beside
    run_suite 'xmlsec1 and the OASIS schemas' 120 "$here/.venv/bin/python" -m support.runner test_messages
    run_suite 'the log of the run' 30 "$here/.venv/bin/python" -m support.runner test_log
    local before=$failed
    if ! kill -0 "$gateway_pid" 2>/dev/null; then broken "the gateway ended by itself"; fi
    if grep -aqE 'panicked at' "$state/serve.log"; then broken "the gateway panicked"; fi
    stop_gateway
    [ "$failed" -eq "$before" ] || tail -n 40 "$state/serve.log"
}

if [ ! -x "$gatehouse" ]; then
    echo "run.sh: no gateway at $gatehouse; build it or set GATEHOUSE_BIN" >&2
    exit 1
fi
install_peers

run_on sqlite "sqlite://$work/sqlite/gatehouse.db"
if [ -n "$want_postgres" ]; then
    if postgres_url=$(postgres_database); then
        run_on postgres "$postgres_url"
    else
        broken "no PostgreSQL to run on"
    fi
fi

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
