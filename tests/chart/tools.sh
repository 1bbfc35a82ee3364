#!/usr/bin/env bash
# Make the tools that `make check-deploy` needs, pinned, in .cache/tools; only what is missing.
# Go 1.25 or newer and Python 3.11 or newer; promtool comes from Debian's package prometheus.
# From nothing about 15 minutes on two cores, most of it helm's. `tools.sh kube-apiserver` makes
# the API server of tests/chart/server.sh as well: ten minutes more.
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
KUBERNETES=1.36.3

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

# So does Kubernetes': each of its staged modules has a release of its own.
if [[ "${1:-}" == kube-apiserver ]] && missing kube-apiserver; then
    need etcd "apt-get install etcd-server (RUNLEVEL=1 keeps it from starting)"
    folder="$(mktemp -d)"
    trap 'rm -rf "$folder"' EXIT
    go mod download "k8s.io/kubernetes@v$KUBERNETES"
    staged="$(go env GOMODCACHE)/cache/download/k8s.io/kubernetes/@v/v$KUBERNETES.mod"
    {
        printf 'module tools\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$KUBERNETES"
        sed -n "s#^\t\(k8s.io/[a-z-]*\) => ./staging.*#\t\1 => \1 v0.${KUBERNETES#1.}#p" "$staged"
        printf ')\n'
    } >"$folder/go.mod"
    printf '//go:build tools\n\npackage tools\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver"\n' \
        >"$folder/tools.go"
    version=k8s.io/component-base/version
    (cd "$folder" && go mod tidy -e && go build -trimpath -o "$GOBIN/kube-apiserver" -ldflags \
        "-s -w -X $version.gitVersion=v$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=36" \
        k8s.io/kubernetes/cmd/kube-apiserver)
fi

if missing kubernetes-validate; then
    python3 -m venv "$tools/venv"
    "$tools/venv/bin/pip" install --quiet "kubernetes-validate==$KUBERNETES_VALIDATE" pyyaml
    ln -sf ../venv/bin/kubernetes-validate "$tools/bin/kubernetes-validate"
fi
need promtool "apt-get install prometheus (RUNLEVEL=1 keeps it from starting)"
