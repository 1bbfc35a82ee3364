#!/usr/bin/env bash
# A real API server: every case is installed, upgraded, rolled back and uninstalled, and what is
# wrong is refused. Nothing runs: there are no nodes. Needs etcd (apt-get install etcd-server),
# openssl, kubectl and kube-apiserver, which tests/chart/tools.sh makes when told to.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools="${TOOLS:-$PWD/.cache/tools}"
PATH="$tools/bin:$PATH"
folder="$(mktemp -d)"
trap 'kill -KILL $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
clients="$(port)" peers="$(port)" api="$(port)"

etcd --data-dir "$folder/etcd" --unsafe-no-fsync --log-level error \
    --listen-client-urls "http://127.0.0.1:$clients" --advertise-client-urls "http://127.0.0.1:$clients" \
    --listen-peer-urls "http://127.0.0.1:$peers" --initial-advertise-peer-urls "http://127.0.0.1:$peers" \
    --initial-cluster "default=http://127.0.0.1:$peers" >"$folder/etcd.log" 2>&1 &
openssl genrsa -out "$folder/accounts.key" 2048 2>/dev/null
echo "token,admin,admin,system:masters" >"$folder/tokens.csv"
kube-apiserver --etcd-servers "http://127.0.0.1:$clients" --bind-address 127.0.0.1 --secure-port "$api" \
    --cert-dir "$folder" --service-account-issuer https://local --authorization-mode RBAC \
    --service-account-key-file "$folder/accounts.key" --service-account-signing-key-file "$folder/accounts.key" \
    --token-auth-file "$folder/tokens.csv" --service-cluster-ip-range 10.96.0.0/16 \
    --disable-admission-plugins ServiceAccount >"$folder/api.log" 2>&1 &
export KUBECONFIG="$folder/config"
cat >"$KUBECONFIG" <<END
apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "https://127.0.0.1:$api", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: token}}]
contexts: [{name: here, context: {cluster: here, user: admin}}]
current-context: here
END
for _ in $(seq 120); do kubectl get --raw /readyz >/dev/null 2>&1 && break; sleep 0.5; done
kubectl version 2>/dev/null | grep Server
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
[[ "$(kubectl -n strimzi get kafkatopics -o name | wc -l)" -ge 17 ]]
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
