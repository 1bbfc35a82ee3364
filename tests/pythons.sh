#!/usr/bin/env bash
# Run the tests that need no broker on every supported Python that this machine has, beside the one of
# .venv: on PATH or among pyenv's. Says which it did not find; that is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHONS=(3.12 3.13)
TESTS=(tests/topics tests/risk tests/spec tests/streams tests/replay)

# VERSION: print the interpreter of a version, or nothing.
interpreter_of() {
    local candidate
    for candidate in "$(type -P "python$1" || true)" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/"python$1"; do
        # A shim of pyenv is on PATH also for versions that are not there.
        if [[ -x "$candidate" ]] && "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

for version in "${PYTHONS[@]}"; do
    python="$(interpreter_of "$version")"
    if [[ -z "$python" ]]; then
        echo "=== Python $version is not on this machine: not tested"
        continue
    fi
    echo "=== Python $version ($python)"
    venv=".cache/python-$version"
    "$python" -m venv --clear "$venv"
    "$venv/bin/python" -Pm pip --disable-pip-version-check install --quiet --no-deps --require-hashes -r requirements.lock
    "$venv/bin/python" -Pm pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
    "$venv/bin/pytest" -n 2 --dist loadfile "${TESTS[@]}"
done
