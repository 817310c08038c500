#!/usr/bin/env bash
# Runs a command with a Node in its PATH that is new enough: the system's, else the one that install-deps.sh fetched.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for node in "$root"/target/tools/node_modules/node-*/bin; do
    [ -x "$node/node" ] && PATH=$node:$PATH
done
exec "$@"
