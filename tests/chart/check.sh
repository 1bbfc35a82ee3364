#!/usr/bin/env bash
# All checks of the chart that need no cluster, cheapest first.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools="${TOOLS:-$PWD/.cache/tools}"
PATH="$tools/bin:$PATH"
KUBERNETES=1.36
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

echo "helm lint, render and schema of each case"
for values in helm/ci/*-values.yaml; do
    name="$(basename "$values" -values.yaml)"
    helm lint --strict --quiet helm --values "$values"
    helm template gate helm --namespace riskgate --values "$values" >"$folder/$name.yaml"
    # It has no schema of what is not Kubernetes' own: those are left to helm-unittest.
    kubernetes-validate --strict --quiet -k "$KUBERNETES" "$folder/$name.yaml" 2>&1 |
        { grep -v "find schema for kind \(Kafka\|Scaled\|Trigger\|Prometheus\|ServiceMon\)" || true; }
done

echo "helm-unittest"
helm-unittest --strict helm

echo "kube-score"
# Tags and digests do not move, so Always would only tie every start to the registry; workers
# are spread over zones and nodes by topologySpreadConstraints.
for rendered in "$folder"/*.yaml; do
    # One pod in each replica set: the other set goes on when it dies. And one console, one pod of the operator: see their templates.
    few=()
    [[ "$rendered" != */@(replicas|console|acting|tools).yaml ]] || few=(--ignore-test deployment-replicas)
    kube-score score --output-format ci "${few[@]}" --ignore-test container-image-pull-policy \
        --ignore-test deployment-has-host-podantiaffinity \
        --ignore-test statefulset-has-host-podantiaffinity "$rendered" >"$folder/score" || true
    # Without budgets and network policy, as one case wants it, kube-score is right to complain.
    if [[ "$rendered" != */bare.yaml ]] && grep -E '^\[(CRITICAL|WARNING)\]' "$folder/score"; then
        exit 1
    fi
done

echo "rules"
helm template gate helm --values helm/ci/monitoring-values.yaml \
    --show-only templates/prometheusrule.yaml |
    "$tools/venv/bin/python" -c 'import sys, yaml; print(yaml.safe_dump(yaml.safe_load(sys.stdin)["spec"]))' \
        >"$folder/rules.yaml"
promtool check rules --lint=all --lint-fatal "$folder/rules.yaml"

echo "routes of Alertmanager"
amtool check-config ops/alertmanager.yml
amtool config routes test --config.file=ops/alertmanager.yml --verify.receivers=pager \
    alertname=RiskgateEmergencyStop severity=critical

echo "README of the chart"
helm-docs --chart-search-root helm --log-level warning --dry-run >"$folder/README.md"
diff helm/README.md "$folder/README.md" ||
    { echo "helm/README.md is not what the values say; write it with: make chart-readme" >&2; exit 1; }
echo "The chart is good."
