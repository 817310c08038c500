#!/usr/bin/env bash
# Makes a local certificate authority and a server certificate for TLS on this machine. Idempotent.
#
#   certs/dev.sh [NAME-OR-ADDRESS …]     more names beside localhost, 127.0.0.1 and ::1
set -euo pipefail
umask 077
cd "$(dirname "${BASH_SOURCE[0]}")"

command -v openssl >/dev/null || { echo "certs/dev.sh: openssl is not installed" >&2; exit 1; }

names="DNS:localhost,IP:127.0.0.1,IP:::1"
for name in "$@"; do
    case "$name" in
        *[!A-Za-z0-9.:*-]*) echo "certs/dev.sh: not a name or an address: $name" >&2; exit 2 ;;
        *:*) names+=",IP:$name" ;;
        *[!0-9.]*) names+=",DNS:$name" ;;
        *) names+=",IP:$name" ;;
    esac
done

# Good for thirty more days, and belonging to its key.
good() {
    [ -s "$1.crt" ] && [ -s "$1.key" ] \
        && openssl x509 -in "$1.crt" -noout -checkend $((30 * 24 * 3600)) >/dev/null \
        && [ "$(openssl x509 -in "$1.crt" -noout -pubkey)" = "$(openssl pkey -in "$1.key" -pubout)" ]
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

if good dev-ca; then
    echo "dev-ca.crt is good"
else
    new_key "$work/ca.key"
    openssl req -x509 -new -key "$work/ca.key" -sha256 -days 825 -subj "/CN=Gatehouse local development CA" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -out "$work/ca.crt"
    mv "$work/ca.key" dev-ca.key
    mv "$work/ca.crt" dev-ca.crt
    # What the old authority signed is of no use any more.
    rm -f dev-server.crt dev-server.key
    echo "dev-ca.crt made"
fi

# The certificate is for the names asked for: they are its comment, as openssl writes addresses in its own way.
names_of() { sed -n 's/^# names: //p' "$1" 2>/dev/null; }

if good dev-server && openssl verify -CAfile dev-ca.crt dev-server.crt >/dev/null 2>&1 \
    && [ "$(names_of dev-server.crt)" = "$names" ]; then
    echo "dev-server.crt is good"
else
    new_key "$work/server.key"
    openssl req -new -key "$work/server.key" -subj "/CN=localhost" -out "$work/server.csr"
    cat >"$work/server.ext" <<EXT
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $names
EXT
    openssl x509 -req -in "$work/server.csr" -CA dev-ca.crt -CAkey dev-ca.key -set_serial "0x$(openssl rand -hex 16)" \
        -sha256 -days 397 -extfile "$work/server.ext" -out "$work/server.crt" 2>/dev/null
    mv "$work/server.key" dev-server.key
    { echo "# names: $names"; cat "$work/server.crt"; } >dev-server.crt
    echo "dev-server.crt made for $names"
fi
chmod 600 dev-ca.key dev-server.key
chmod 644 dev-ca.crt dev-server.crt
