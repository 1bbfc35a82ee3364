#!/usr/bin/env bash
# Make the tools that `make check-deploy` needs, pinned, in .cache/tools; only what is missing.
# Go 1.25 or newer and Python 3.11 or newer; promtool comes from Debian's package prometheus.
# From nothing about 15 minutes on two cores, most of it helm's.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools="${TOOLS:-$PWD/.cache/tools}"
mkdir -p "$tools/bin"
export GOBIN="$tools/bin"

HELM=v4.3.1
HELM_UNITTEST=v1.1.2
HELM_DOCS=v1.14.2
KUBE_SCORE=v1.20.0
KUBERNETES_VALIDATE=1.37.0

missing() { [[ ! -x "$tools/bin/$1" ]]; }

need() {
    command -v "$1" >/dev/null && return
    echo "check-deploy needs $1; install it: $2" >&2
    exit 2
}

if missing helm || missing helm-unittest || missing helm-docs || missing kube-score; then
    need go "https://go.dev/doc/install"
fi
missing helm && go install "helm.sh/helm/v4/cmd/helm@$HELM"
missing helm-docs && go install "github.com/norwoodj/helm-docs/cmd/helm-docs@$HELM_DOCS"
missing kube-score && go install "github.com/zegl/kube-score/cmd/kube-score@$KUBE_SCORE"

# Its own go.mod replaces a module, which `go install` refuses.
if missing helm-unittest; then
    folder="$(mktemp -d)"
    trap 'rm -rf "$folder"' EXIT
    cat >"$folder/go.mod" <<END
module tools

go 1.26.0

tool github.com/helm-unittest/helm-unittest/cmd/helm-unittest

require github.com/helm-unittest/helm-unittest $HELM_UNITTEST

replace github.com/vmware-labs/yaml-jsonpath v0.3.2 => github.com/helm-unittest/yaml-jsonpath v0.4.0
END
    (cd "$folder" && go mod tidy && go build -o "$GOBIN/helm-unittest" \
        github.com/helm-unittest/helm-unittest/cmd/helm-unittest)
fi

if missing kubernetes-validate; then
    python3 -m venv "$tools/venv"
    "$tools/venv/bin/pip" install --quiet "kubernetes-validate==$KUBERNETES_VALIDATE" pyyaml
    ln -sf ../venv/bin/kubernetes-validate "$tools/bin/kubernetes-validate"
fi
need promtool "apt-get install prometheus (RUNLEVEL=1 keeps it from starting)"
