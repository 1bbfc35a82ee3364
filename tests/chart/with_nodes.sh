#!/usr/bin/env bash
# Run a command with the rest of a cluster beside the API server of with_server.sh: the real
# controllers and scheduler, and six nodes in three zones whose pods kwok pretends to run.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder="$(mktemp -d)"
trap '{ kill -KILL $(jobs -p); wait; } 2>/dev/null; rm -rf "$folder"' EXIT
# A machine that is busy with other things is no reason to believe that a node is gone.
kube-controller-manager --kubeconfig "$KUBECONFIG" --leader-elect=false --bind-address 127.0.0.1 \
    --secure-port 0 --service-account-private-key-file "$ACCOUNTS_KEY" --node-monitor-grace-period 10m \
    >"$folder/controllers.log" 2>&1 &
# Without the scheduler's own defaults only what the chart says spreads its pods.
cat >"$folder/scheduler.yaml" <<END
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: $KUBECONFIG}
leaderElection: {leaderElect: false}
profiles:
  - schedulerName: default-scheduler
    pluginConfig:
      - name: PodTopologySpread
        args: {defaultingType: List, defaultConstraints: []}
END
kube-scheduler --config "$folder/scheduler.yaml" --bind-address 127.0.0.1 --secure-port 0 \
    >"$folder/scheduler.log" 2>&1 &
kwok --kubeconfig "$KUBECONFIG" --config tests/chart/stages.yaml --manage-all-nodes \
    --node-lease-duration-seconds 40 --server-address 127.0.0.1:0 >"$folder/kwok.log" 2>&1 &
"$@" || { code=$?; tail -n 3 "$folder"/*.log >&2; exit "$code"; }
