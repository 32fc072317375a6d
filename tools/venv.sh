#!/usr/bin/env bash
# usage: tools/venv.sh PYTHON VENV
# Makes VENV with the build requirements, the run-time dependencies and the project itself (editable, not yet compiled).
set -euo pipefail
python=$1 venv=$2
cd "$(dirname "$0")/.."

if ! command -v "$python" >/dev/null || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "outpace wants Python 3.11 or later; '$python' is not one. Name another: make PYTHON=python3.12" >&2
    exit 1
fi

missing=()
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
"$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
    missing+=(python3-dev)
command -v "${CC:-cc}" >/dev/null || missing+=(gcc libc6-dev)
[ ${#missing[@]} -eq 0 ] || tools/packages.sh "${missing[@]}"

if [ ! -x "$venv/bin/pip" ]; then
    echo "making $venv"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
echo "installing what outpace needs into $venv"
tools/requirements.sh "$venv/bin/python" build run api
OUTPACE_BUILD=none "$venv/bin/python" -m pip install -qq --no-build-isolation --no-deps --editable .
touch "$venv/.installed"
