#!/usr/bin/env bash
# usage: tools/packages.sh PACKAGE...
# Installs Debian packages when we are root, else says how to. What is a service is not started.
set -euo pipefail
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing here: $*. On Debian or Ubuntu: sudo apt-get install $*" >&2
    exit 1
fi
echo "installing system packages: $*"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
made=()
trap 'rm -f "$log" ${made[@]+"${made[@]}"}' EXIT
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    made+=("$policy")
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
fi
