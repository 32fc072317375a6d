#!/usr/bin/env bash
# Installs the libraries that outpace is compared with, each into a folder of its own under .bench/: pyst2 and
# asterisk-ami both bring a package called "asterisk", so they cannot share one. Nothing of them enters the environment.
# Runs "$PYTHON" -m pip; a folder that is complete is left as it is. Needed by bench/bench_ami.py, by
# tests/integration/ami_peers, and by bench_api.py, bench_erlang.py and bench_queue.py.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${PYTHON:=python3}"

install() {  # folder, requirement...
    local folder=".bench/$1"
    shift
    [[ -e "$folder/.complete" ]] && return
    rm -rf "$folder"
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder" "$@"
    touch "$folder/.complete"
}

install pyst2 pyst2==0.5.1 six
install asterisk-ami asterisk-ami==0.1.7
install panoramisk panoramisk==1.4
install call-center-tools call-center-tools==1.0.0
install pyworkforce pyworkforce==0.5.1 joblib cloudpickle
install simpy simpy==4.1.2
install ciw ciw==3.2.7 networkx tqdm
install fastapi fastapi==0.165.0 starlette==1.10.0 pydantic==2.14.3 pydantic-core==2.50.4 annotated-types==0.8.0 \
    annotated-doc==0.0.7 typing-inspection==0.4.5 typing-extensions==4.16.0 anyio==4.16.0 idna==3.20 \
    opentelemetry-api==1.45.2
