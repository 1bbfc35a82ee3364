#!/usr/bin/env bash
# Run a command with a real API server of its own on loopback, and KUBECONFIG saying where: nothing
# but etcd and kube-apiserver, so nothing runs in it. Needs etcd (apt-get install etcd-server),
# openssl, kubectl and what tests/chart/tools.sh makes. ACCOUNTS=1: a pod's account must exist.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools="${TOOLS:-$PWD/.cache/tools}"
export PATH="$tools/bin:$PATH"
folder="$(mktemp -d)"
trap '{ kill -KILL $(jobs -p); wait; } 2>/dev/null; rm -rf "$folder"' EXIT
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
clients="$(port)" peers="$(port)" api="$(port)"

etcd --data-dir "$folder/etcd" --unsafe-no-fsync --log-level error \
    --listen-client-urls "http://127.0.0.1:$clients" --advertise-client-urls "http://127.0.0.1:$clients" \
    --listen-peer-urls "http://127.0.0.1:$peers" --initial-advertise-peer-urls "http://127.0.0.1:$peers" \
    --initial-cluster "default=http://127.0.0.1:$peers" >"$folder/etcd.log" 2>&1 &
export ACCOUNTS_KEY="$folder/accounts.key"
openssl genrsa -out "$ACCOUNTS_KEY" 2048 2>/dev/null
admission=(--disable-admission-plugins ServiceAccount)
[[ -z "${ACCOUNTS:-}" ]] || admission=()
echo "token,admin,admin,system:masters" >"$folder/tokens.csv"
# Debian's etcd 3.4 cannot say how far a watch is; without the gate clients do not wait for it.
kube-apiserver --etcd-servers "http://127.0.0.1:$clients" --bind-address 127.0.0.1 --secure-port "$api" \
    --cert-dir "$folder" --service-account-issuer https://local --authorization-mode RBAC \
    --service-account-key-file "$ACCOUNTS_KEY" --service-account-signing-key-file "$ACCOUNTS_KEY" \
    --token-auth-file "$folder/tokens.csv" --service-cluster-ip-range 10.96.0.0/16 \
    --feature-gates WatchList=false "${admission[@]}" >"$folder/api.log" 2>&1 &
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
"$@" || { code=$?; tail -n 3 "$folder"/*.log >&2; exit "$code"; }
