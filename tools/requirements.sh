#!/usr/bin/env bash
# usage: tools/requirements.sh PYTHON build|run|EXTRA...
# Installs groups of requirements as pyproject.toml names them: build-system.requires, dependencies, an extra.
set -euo pipefail
python=$1
shift
cd "$(dirname "$0")/.."
mapfile -t requirements < <("$python" - "$@" <<'PY'
import sys
import tomllib

with open("pyproject.toml", "rb") as file:
    tree = tomllib.load(file)
groups = {"build": tree["build-system"]["requires"], "run": tree["project"]["dependencies"]}
groups |= tree["project"]["optional-dependencies"]
print(*(line for name in sys.argv[1:] for line in groups[name]), sep="\n")
PY
)
[ ${#requirements[@]} -gt 0 ]
"$python" -m pip install -qq "${requirements[@]}"
