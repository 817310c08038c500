#!/usr/bin/env bash
# Installs what is missing to build and test, on Debian and Ubuntu; elsewhere says what is missing. Looks first: when
# everything is there, nothing is installed and no root is needed.
#
#   scripts/install-deps.sh GROUP…      groups: build, node, test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin:/sbin

# Node's test runner and playwright-core need it; Debian 12 has 18.
node_major=20
node_package_version=22

say() { echo "install-deps: $*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- what is missing, as Debian packages --------------------------------------------------------------------------

has_libclang() {
    local found
    [ -n "${LIBCLANG_PATH:-}" ] && return 0
    found=$(ldconfig -p 2>/dev/null | grep -m1 'libclang[-.]' || true)
    [ -n "$found" ] || compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null
}

missing_build() {
    have cc || echo build-essential
    have pkg-config || echo pkg-config
    pkg-config --exists openssl 2>/dev/null || echo libssl-dev
    pkg-config --exists libxml-2.0 2>/dev/null || echo libxml2-dev
    pkg-config --exists xmlsec1 2>/dev/null || echo libxmlsec1-dev
    pkg-config --exists xmlsec1-openssl 2>/dev/null && ldconfig -p 2>/dev/null | grep -q libxmlsec1-openssl || echo libxmlsec1-openssl
    have clang || echo clang
    has_libclang || echo libclang-dev
}

missing_test() {
    have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
    have xmlsec1 || echo xmlsec1
    have xmllint || echo libxml2-utils
    have openssl || echo openssl
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || echo chromium
    python3 -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
    [ -f /usr/share/xml/opensaml/saml-schema-protocol-2.0.xsd ] || echo opensaml-schemas
    have apache2 || echo apache2-bin
    [ -f /usr/lib/apache2/modules/mod_auth_openidc.so ] || echo libapache2-mod-auth-openidc
    [ -f /usr/share/xml/xmltooling/xenc-schema.xsd ] || echo xmltooling-schemas
}

node_is_new() {
    scripts/with-tools.sh node -e "process.exit(+process.versions.node.split('.')[0] >= $node_major ? 0 : 1)" 2>/dev/null
}

missing_node() {
    have npm || echo npm
    have node || echo nodejs
}

# --- installing ---------------------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif have sudo; then sudo "$@"
    else die "not root and no sudo. As root: apt-get update && apt-get install ${packages[*]}"
    fi
}

apt_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }

install_packages() {
    local packages=("$@")
    if ! have apt-get; then
        say "missing: ${packages[*]} (Debian's names). This script knows apt only; install their likes:"
        say "  Fedora: gcc pkgconf openssl-devel libxml2-devel xmlsec1-devel xmlsec1-openssl-devel clang clang-devel nodejs npm postgresql-server libxml2 chromium python3"
        say "  Arch:   base-devel openssl libxml2 xmlsec clang nodejs npm postgresql chromium python"
        say "  macOS:  brew install pkg-config openssl@3 libxml2 libxmlsec1 llvm node postgresql@17; Chromium's path goes into CHROMIUM"
        say "  The SAML schemas are those of OASIS; Debian's opensaml-schemas and xmltooling-schemas put them into /usr/share/xml."
        exit 1
    fi
    say "installing ${packages[*]}"
    as_root apt-get update -q || say "apt-get update failed; going on with the package lists there are"
    apt_install "${packages[@]}" && return
    # An image with an older libssl3 than its archive cannot take libssl-dev alone.
    [[ " ${packages[*]} " == *" libssl-dev "* ]] && apt_install "${packages[@]}" libssl3 && return
    die "apt could not install ${packages[*]}; see above"
}

# The system's Node is too old: one from npm, into target/, without root.
fetch_node() {
    local platform
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) platform=linux-x64 ;;
        Linux-aarch64) platform=linux-arm64 ;;
        Darwin-arm64) platform=darwin-arm64 ;;
        Darwin-x86_64) platform=darwin-x64 ;;
        *) die "Node $node_major or newer is needed, and $(node --version) is installed" ;;
    esac
    say "node $(node --version) is older than $node_major: fetching $node_package_version into target/tools"
    mkdir -p target/tools
    npm install --prefix target/tools --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
        "node-$platform@$node_package_version" >&2
    node_is_new || die "that Node does not run here; install Node $node_major or newer"
}

[ $# -gt 0 ] || die "name the groups: build, node, test"
wanted=()
for group in "$@"; do
    case "$group" in
        build)
            have cargo || die "Rust is missing: install it from https://rustup.rs; rust-toolchain.toml names the version"
            mapfile -t -O "${#wanted[@]}" wanted < <(missing_build)
            ;;
        node) mapfile -t -O "${#wanted[@]}" wanted < <(missing_node) ;;
        test) mapfile -t -O "${#wanted[@]}" wanted < <(missing_test) ;;
        *) die "no such group: $group (build, node, test)" ;;
    esac
done
[ "${#wanted[@]}" -eq 0 ] || install_packages "${wanted[@]}"
for group in "$@"; do
    if [ "$group" = node ]; then node_is_new || fetch_node; fi
done
