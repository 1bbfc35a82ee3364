"""The Prometheus operator itself, as a process beside the API server, on what the chart brings it.

`make check-operator` runs it: of ServiceMonitor and PrometheusRule it must make a configuration and
rules that Prometheus takes. What was seen goes to tests/chart/operator.md.
"""

import base64
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.chart.cluster import upgrade
from tests.chart.kube import Server, run, until
from tests.chart.nodes import NODES, apply, node, storage

PAGE = Path(__file__).parent / "operator.md"
TOOLS = Path(os.environ.get("TOOLS", Path(__file__).parent.parent.parent / ".cache" / "tools"))
RULES = sorted((Path(__file__).parent.parent.parent / "helm" / "alerts").glob("*.yaml"))
HEAD = """\
# The Prometheus operator itself

As a process beside a real API server, with the CRDs of its own release, and a Prometheus resource
that chooses by the label `release`. Of the chart's ServiceMonitor and PrometheusRule it made, in
the last run of `make check-operator`:"""
Resource = dict[str, Any]


def found(kind: str, name: str, gate: Server) -> Resource | None:
    """Return a resource once it is there."""
    options = ("--namespace", gate.namespace, "--ignore-not-found", "--output", "json")
    printed = run("kubectl", "get", kind, name, *options)
    resource: Resource | None = json.loads(printed) if printed else None
    return resource


@contextmanager
def running(folder: Path, *command: str) -> Iterator[None]:
    """Run an operator until the end."""
    log = folder / f"{command[0]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield
        assert process.poll() is None, log.read_text()[-2000:]
    finally:
        process.terminate()
        process.wait()


def watched(gate: Server) -> str:
    """Let the Prometheus operator read the chart's ServiceMonitor and PrometheusRule."""
    upgrade(gate, "monitoring", "--wait", "--create-namespace")
    chosen = {"matchLabels": {"release": "prometheus"}}
    prometheus: dict[str, object] = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": "desk", "namespace": gate.namespace},
        "spec": {"serviceMonitorSelector": chosen, "ruleSelector": chosen, "version": "v2.42.0"},
    }
    apply(prometheus)
    rules = until(lambda: _rules(gate), "the operator made no rules")
    text = until(lambda: _configuration(gate), "the operator made no configuration")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**rules, "prometheus.yml": text}.items():
            (Path(folder) / name).write_text(content)
        run("promtool", "check", "rules", *(f"{folder}/{name}" for name in rules))
        configuration = yaml.safe_load(text) | {"rule_files": []}
        (job,) = configuration["scrape_configs"]
        # Debian's Prometheus is built without it.
        (places,) = job.pop("kubernetes_sd_configs")
        (Path(folder) / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        run("promtool", "check", "config", "--syntax-only", f"{folder}/prometheus.yml")
    assert places["namespaces"]["names"] == [gate.namespace], places
    assert job["job_name"] == f"serviceMonitor/{gate.namespace}/gate-riskgate/0", job
    assert job["scrape_interval"] == "10s", job
    made = [group for content in rules.values() for group in yaml.safe_load(content)["groups"]]
    ours = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    count = sum(len(group["rules"]) for group in made)
    assert [group["name"] for group in made] == [group["name"] for group in ours]
    assert count == sum(len(group["rules"]) for group in ours)
    return f"One scrape job, every 10 s, and {count} rules; promtool takes both."


def _rules(gate: Server) -> dict[str, str] | None:
    made = found("configmap", "prometheus-desk-rulefiles-0", gate)
    return made.get("data") if made else None


def _configuration(gate: Server) -> str | None:
    made = found("secret", "prometheus-desk", gate)
    if not made or "prometheus.yaml.gz" not in made.get("data", {}):
        return None
    text = gzip.decompress(base64.b64decode(made["data"]["prometheus.yaml.gz"])).decode()
    return text if "serviceMonitor/" in text else None


def main() -> None:
    """Run the operator, and write down what was seen."""
    run("kubectl", "apply", "--server-side", "-f", str(TOOLS / "crds"))
    run("kubectl", "wait", "--for", "condition=established", "--timeout", "60s", "crd", "--all")
    apply(*map(node, NODES), *storage())
    with tempfile.TemporaryDirectory() as folder:
        listen = "--web.listen-address=127.0.0.1:0"
        with running(Path(folder), "prometheus-operator", listen):
            printed = watched(Server("monitoring"))
    PAGE.write_text(f"{HEAD}\n\n{printed}\n")
    sys.stdout.write(PAGE.read_text())


if __name__ == "__main__":
    main()
