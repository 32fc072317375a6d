#!/usr/bin/env bash
# usage: tools/test.sh STAGE...      stages: lint types unit tests debug wheel bench
# Runs the stages in order, each under a header with its time, and stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
logs=build/test
mkdir -p "$logs"
rm -f "$logs"/*.log

stage_lint() {
    ruff check .
    ruff format --check .
    cython-lint outpace
    codespell
}

stage_types() {
    mypy
    mapfile -t modules < <(find outpace -name '*.pyi' | sort | sed 's/\.pyi$//; s#/#.#g')
    python -m mypy.stubtest --concise --ignore-unused-allowlist --allowlist tools/stubtest_allow.txt \
        --mypy-config-file pyproject.toml "${modules[@]}"
    if [ "${OUTPACE_LAB:-on}" != off ]; then
        command -v tsc >/dev/null || tools/packages.sh node-typescript
        tsc -p tools/jsconfig.json
    fi
}

run_pytest() {
    python -m pytest "$@" 2>&1 | tee -a "$logs/$stage.log"
}

# Tests that only compute share the cores, file by file. So do those that talk to a browser or a server, since they mostly
# wait. A real switch and its phones must never stand still: tests on them run alone, as do those that measure.
compute=(tests/unit tests/property tests/tidy tests/simulation)
share_cores=(-n auto --dist loadfile)
on_a_switch=(tests/conformance tests/integration/asterisk tests/integration/e2e)

stage_unit() {
    run_pytest tests/unit tests/property tests/tidy "${share_cores[@]}"
}

stage_tests() {
    if [ "${OUTPACE_LAB:-on}" != off ]; then
        local missing=()
        command -v sipp >/dev/null || missing+=(sip-tester)
        command -v espeak-ng >/dev/null || missing+=(espeak-ng)
        command -v sox >/dev/null || missing+=(sox)
        command -v redis-server >/dev/null || missing+=(redis-server)
        command -v chromium >/dev/null || missing+=(chromium)
        command -v promtool >/dev/null || missing+=(prometheus)
        command -v systemd-analyze >/dev/null || missing+=(systemd)
        [ ${#missing[@]} -eq 0 ] || tools/packages.sh "${missing[@]}"
    fi
    PYTHON="$PWD/.venv/bin/python" bench/peers.sh
    run_pytest "${compute[@]}" "${share_cores[@]}"
    local elsewhere=(tests "${compute[@]/#/--ignore=}" "${on_a_switch[@]/#/--ignore=}")
    run_pytest "${elsewhere[@]}" -m 'not alone' "${share_cores[@]}" --durations=10
    run_pytest "${elsewhere[@]}" -m alone
    run_pytest "${on_a_switch[@]}" --durations=10
}

# The same sources with bounds and division checks, in a tree of their own; tests import from there.
stage_debug() {
    local lib
    prune_lib build/debug
    OUTPACE_BUILD=debug python setup.py --quiet build --build-base build/debug
    lib=$(realpath build/debug/lib.*)
    PYTHONPATH="$lib" python -P -c 'import sys, outpace; sys.exit(not outpace.__file__.startswith(sys.argv[1]))' "$lib"
    PYTHONPATH="$lib" run_pytest tests/unit tests/property "${share_cores[@]}" -o pythonpath="$lib ." -p no:cacheprovider
}

# setuptools never removes from a build folder: drop what is not compiled, and what has lost its source.
prune_lib() {
    local so source
    for lib in "$1"/lib.*; do
        [ -d "$lib" ] || continue
        find "$lib" -type f ! -name '*.so' -delete
        while read -r so; do
            source=${so#"$lib"/}
            [ -e "${source%%.*}.pyx" ] || rm -f "$so"
        done < <(find "$lib" -name '*.so')
    done
}

stage_wheel() {
    prune_lib build
    rm -rf dist build/embed build/bdist.*
    python -m build --wheel --no-isolation --outdir dist . >"$logs/build.txt" 2>&1 ||
        { tail -n 30 "$logs/build.txt"; return 1; }
    python tools/check_wheel.py dist/*.whl
    pip install -qq --no-deps --target build/embed dist/*.whl
    (cd build/embed && PYTHONPATH=. python -P -c 'import outpace; print("imported from", outpace.__file__)' &&
        PYTHONPATH=. python -P ../../examples/embed.py)
}

stage_bench() {
    PYTHON="$PWD/.venv/bin/python" bench/peers.sh
    run_pytest bench --benchmark-min-rounds=3 --benchmark-max-time=0.2
}

started=$SECONDS
finish() {
    local status=$? passed took=$((SECONDS - started))
    passed=$(awk '/^=.* passed/ {for (i = 2; i <= NF; i++) if ($i ~ /^passed/) n = $(i - 1); total += n} END {print total + 0}' \
        /dev/null "$logs"/*.log)
    if [ "$status" -eq 0 ]; then
        printf '\n==== %s passed in %ss; stages ok: %s ====\n' "$passed" "$took" "$done_stages"
    else
        printf '\n==== FAILED in stage %s after %ss; stages ok: %s ====\n' "$stage" "$took" "${done_stages:-none}"
    fi
}
shopt -s nullglob
stage=none done_stages=
trap finish EXIT
for stage in "$@"; do
    printf '\n---- %s ----\n' "$stage"
    began=$SECONDS
    "stage_$stage"
    printf -- '---- %s ok, %ss ----\n' "$stage" "$((SECONDS - began))"
    done_stages+="${done_stages:+ }$stage"
done
