#!/usr/bin/env bash
# Build promtool and amtool, pinned, in .cache/tools; only what is missing there. From nothing about
# four minutes of a core's work. `tools.sh --if-needed` builds only what the machine does not have
# anyway, where it has Go, and lets the tests say what is missing where it cannot.
set -euo pipefail
cd "$(dirname "$0")/../.."

PROMETHEUS=0.315.0 # The module's number of 3.15.0.
ALERTMANAGER=0.35.0

if [[ "${1:-}" == --if-needed ]]; then
    PATH="$PATH:${TOOLS:-$PWD/.cache/tools}/bin"
    if { command -v promtool && command -v amtool; } >/dev/null || ! command -v go >/dev/null; then
        exit 0
    fi
    "$0" || echo "They could not be built, so the tests that ask them are skipped." >&2
    exit 0
fi

source tests/go.sh

if missing promtool || missing amtool; then
    echo "Building promtool and amtool with Go, once: about four minutes" >&2
fi

# Its own go.mod replaces a module, which `go install` refuses. It asks no service where to scrape,
# so it is built without the clients of them all.
if missing promtool; then
    mkdir "$scratch/promtool"
    cat >"$scratch/promtool/go.mod" <<END
module tools

go 1.26.0

tool github.com/prometheus/prometheus/cmd/promtool

require github.com/prometheus/prometheus v$PROMETHEUS

replace cloud.google.com/go => cloud.google.com/go v0.123.0
END
    (cd "$scratch/promtool" && go mod tidy && go build -tags remove_all_sd -trimpath -o "$GOBIN/promtool" \
        -ldflags "-s -w -X github.com/prometheus/common/version.Version=3.${PROMETHEUS#0.3}" \
        github.com/prometheus/prometheus/cmd/promtool) || exit 1
fi
if missing amtool; then
    go install -trimpath \
        -ldflags "-s -w -X github.com/prometheus/common/version.Version=$ALERTMANAGER" \
        "github.com/prometheus/alertmanager/cmd/amtool@v$ALERTMANAGER"
fi
