#!/usr/bin/env bash
# A real API server: every case is installed, upgraded, rolled back and uninstalled, and what is
# wrong is refused. Nothing runs: there are no nodes. tests/chart/with_server.sh runs it.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

kubectl apply --server-side -f "${CRDS:-tests/chart/crds.yaml}" >/dev/null
kubectl create priorityclass trading --value 1000 >/dev/null  # Named by one case.
kubectl wait --for condition=established --timeout 30s crd --all >/dev/null

# Hooks are jobs, and no node runs them: they go to the server with all the rest beforehand.
install() { helm upgrade --install gate helm --namespace "$1" --no-hooks "${@:2}" >/dev/null; }

for values in helm/ci/*-values.yaml; do
    name="$(basename "$values" -values.yaml)"
    # The restricted standard refuses what a pod says too little of.
    kubectl create namespace "$name" >/dev/null
    kubectl label namespace "$name" pod-security.kubernetes.io/enforce=restricted >/dev/null
    helm template gate helm --namespace "$name" --values "$values" |
        kubectl apply --dry-run=server --namespace "$name" -f - >/dev/null
    install "$name" --values "$values"
    # A pod by itself: a workload is taken whatever the standard says of its pods.
    kubectl -n "$name" get statefulset,deployment -o json | python3 tests/chart/pods_of.py |
        kubectl apply --dry-run=server --namespace "$name" -f - >/dev/null
    install "$name" --values "$values" --set settings.LOG_LEVEL=debug
    kubectl -n "$name" get statefulset gate-riskgate-risk -o yaml | grep -q "value: debug"
    helm rollback gate 1 --namespace "$name" --no-hooks >/dev/null
    ! kubectl -n "$name" get statefulset gate-riskgate-risk -o yaml | grep -q "value: debug"
    helm uninstall gate --namespace "$name" --no-hooks >/dev/null 2>&1
    left="$(kubectl -n "$name" get statefulset,deployment,service,pdb,networkpolicy,kafkauser -o name)"
    [[ -z "$left" ]] || { echo "$name left $left" >&2; exit 1; }
    echo "$name: installed, upgraded, rolled back, uninstalled"
done
[[ "$(kubectl -n strimzi get kafkatopics -o name | wc -l)" -ge 18 ]]
echo "strimzi: its topics outlived the release"

refused() {
    if install broken --create-namespace --values helm/ci/keda-values.yaml "$@" 2>"$folder/refused"; then
        echo "the server took $*" >&2
        exit 1
    fi
    echo "refused $*"
}
refused --set risk.replicas=49
refused --set risk.autoscaling.maxReplicas=49
refused --set-string risk.replicas=three
refused --set risk.persistence.size=10GiB
refused --set fullnameOverride=Riskgate
refused --set settings.LOG_LEVLE=debug
refused --set risk.pod.nodeSelector=here
refused --set risk.resources.requests.cpu=3
refused --set risk.pod.priorityClassName=_trading
# Past the schema: the server's own word on a resource that the chart would render.
refused --skip-schema-validation --set http.port=99999
