"""The chart on real controllers and a real scheduler: spread, rollout, drain, a lost zone.

`make check-cluster` runs it. Nodes and what runs in pods are pretended by kwok (stages.yaml); all
that decides about pods is Kubernetes' own. What was seen goes to tests/chart/cluster.md.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml
from msgspec import Struct

from tests.chart.kube import Metadata, Pod, Server, Watch, run, until
from tests.chart.nodes import NODES, ZONE, apply, node, storage

ROOT = Path(__file__).parent.parent.parent
PAGE = Path(__file__).parent / "cluster.md"
ROLES = ("risk", "ingest", "broadcast")
SETTLED_SECONDS = 8.0  # Controllers act within one; what has not happened by then will not.
WORKER = "gate-riskgate-risk-{}"


class Claim(Struct):
    metadata: Metadata
    spec: "ClaimSpec"


class ClaimSpec(Struct, rename="camel"):
    volume_name: str = ""


class Job(Struct):
    metadata: Metadata
    status: "JobStatus"


class JobStatus(Struct, rename="camel"):
    completion_time: str = ""


def upgrade(gate: Server, case: str, *more: str, chart: Path = ROOT / "helm") -> None:
    """Install or upgrade as a user would, and wait until all is ready."""
    own = ("--namespace", gate.namespace, "--values", str(ROOT / f"helm/ci/{case}-values.yaml"))
    run("helm", "upgrade", "--install", "gate", str(chart), *own, "--timeout", "5m", *more)


def places(gate: Server, role: str) -> tuple[list[str], int]:
    """Return the zones of a role's ready pods and on how many nodes they are."""
    nodes = [pod.spec.node_name for pod in gate.pods(role) if pod.ready]
    return sorted(name[0] for name in nodes), len(set(nodes))


def claims(gate: Server) -> dict[str, str]:
    """Return the volume of each claim."""
    found = gate.listed("/api/v1/{}/persistentvolumeclaims", Claim).items
    return {claim.metadata.name: claim.spec.volume_name for claim in found}


def uids(gate: Server) -> dict[str, list[str]]:
    return {role: [pod.metadata.uid for pod in gate.pods(role)] for role in ROLES}


def ready(gate: Server, role: str, count: int) -> bool:
    return sum(pod.ready for pod in gate.pods(role)) == count


def assert_spread(gate: Server) -> None:
    """Demand the default's three workers and two of each other role where they belong."""
    assert places(gate, "risk") == (["a", "b", "c"], 3), places(gate, "risk")
    for role in ("ingest", "broadcast"):
        zones, nodes = places(gate, role)
        assert len(set(zones)) == nodes == 2, (role, zones)
    for pod in gate.pods("risk"):
        assert claims(gate)[f"state-{pod.name}"][0] == pod.spec.node_name[0]


def assert_held(watch: Watch) -> None:
    """Demand that never more than one worker was away, and of the others none."""
    least = {role: watch.least_ready(role) for role in ROLES}
    assert least == {"risk": 2, "ingest": 2, "broadcast": 2}, least


def installed(gate: Server) -> str:
    """Install with the defaults."""
    upgrade(gate, "plain", "--wait", "--create-namespace")
    (job,) = gate.listed("/apis/batch/v1/{}/jobs", Job).items
    began = min(pod.metadata.creation_timestamp for role in ROLES for pod in gate.pods(role))
    assert "" < job.status.completion_time <= began, (job, began)
    assert_spread(gate)
    return "topics made first; 3 workers in 3 zones, 2 ingest and 2 broadcast in 2 zones each"


def rolled(gate: Server) -> str:
    """Change a setting of every role."""
    before, held = uids(gate), claims(gate)
    with gate.watched() as watch:
        upgrade(gate, "plain", "--wait", "--set", "settings.LOG_LEVEL=debug")
    assert watch.left("risk") == [WORKER.format(number) for number in (2, 1, 0)]
    assert_held(watch)
    assert all(not set(uids(gate)[role]) & set(before[role]) for role in ROLES)
    assert claims(gate) == held
    assert_spread(gate)
    return "2, 1, 0, one at a time, each on its volume; of ingest and broadcast never one less"


def unmoved(gate: Server) -> str:
    """Bring a new version of the chart alone."""
    before = uids(gate)
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(shutil.copytree(ROOT / "helm", f"{folder}/riskgate"))
        about = yaml.safe_load((chart / "Chart.yaml").read_text()) | {"version": "9.9.9"}
        (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
        more = ("--wait", "--set", "settings.LOG_LEVEL=debug")
        upgrade(gate, "plain", *more, chart=chart)
    (release,) = json.loads(run("helm", "list", "-n", gate.namespace, "-o", "json"))
    assert release["chart"] == "riskgate-9.9.9"
    time.sleep(SETTLED_SECONDS)
    assert uids(gate) == before
    return "no pod restarted"


def stuck(gate: Server) -> str:
    """Bring pods that never get ready, and go back."""
    broken = [f"{role}.pod.annotations.broken=yes" for role in ROLES]
    with gate.watched() as watch:
        upgrade(gate, "plain", "--set", ",".join(broken))
        until(lambda: watch.left("risk"), "no worker was replaced")
        time.sleep(SETTLED_SECONDS)
        assert watch.left("risk") == [WORKER.format(2)]
        assert gate.evict(WORKER.format(0)) == 429
        assert gate.evict(WORKER.format(2)) == 201
        run("helm", "rollback", "gate", "--namespace", gate.namespace, "--wait", "--timeout", "5m")
        until(lambda: ready(gate, "risk", 3), "the rollback did not bring all back")
    assert_held(watch)
    assert_spread(gate)
    return "stopped at the first worker, the rest served; `helm rollback` alone brought all back"


def drained(gate: Server) -> str:
    """Drain a node while the worker of another zone has nowhere to go."""
    first, second, _ = gate.pods("risk")
    zone, busy = first.spec.node_name[0], second.spec.node_name
    with gate.watched() as watch:
        run("kubectl", "cordon", "-l", f"{ZONE}={zone}")
        assert gate.evict(first.name) == 201
        until(lambda: ready(gate, "risk", 2), "the worker did not leave")
        assert gate.evict(second.name) == 429
        drain = subprocess.Popen(
            ["kubectl", "drain", busy, "--delete-emptydir-data", "--timeout=300s"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        time.sleep(SETTLED_SECONDS)
        assert drain.poll() is None
        assert WORKER.format(1) not in watch.left("risk")
        run("kubectl", "uncordon", "-l", f"{ZONE}={zone}")
        printed, _ = drain.communicate(timeout=330)
        assert drain.returncode == 0, printed
        refused = f'error when evicting pods/"{second.name}"'
        assert refused in printed, printed
        until(lambda: ready(gate, "risk", 3), "the drained worker did not come back")
    assert watch.least_ready("risk") == 2
    (moved,) = (pod for pod in gate.pods("risk") if pod.name == second.name)
    assert (moved.spec.node_name[0], moved.spec.node_name != busy) == (busy[0], True)
    run("kubectl", "uncordon", busy)
    assert_spread(gate)
    times = printed.count(refused)
    return f"held with 429 ({times} times) while one worker was away, done when it was back"


def scaled(gate: Server) -> str:
    """Add a worker and take it away again."""
    held = claims(gate)
    more = ("--wait", "--set", "settings.LOG_LEVEL=debug", "--set")
    with gate.watched() as watch:
        upgrade(gate, "plain", *more, "risk.replicas=4")
        assert set(claims(gate)) - set(held) == {f"state-{WORKER.format(3)}"}
        upgrade(gate, "plain", *more, "risk.replicas=3")
        until(lambda: claims(gate) == held, "the fourth worker's volume was not given up")
    assert (watch.left("risk"), watch.least_ready("risk")) == ([WORKER.format(3)], 3)
    return "the others stayed; the volume of the fourth was given up"


def lost(gate: Server) -> str:
    """Take a zone away, and give it back."""
    worker = gate.pods("risk")[1]
    zone = worker.spec.node_name[0]
    gone = [name for name in NODES if name[0] == zone]
    run("kubectl", "delete", "node", *gone)
    began_s = time.monotonic()

    def elsewhere() -> bool:
        others = all(zone not in places(gate, r)[0] and ready(gate, r, 2) for r in ROLES[1:])
        return others and _alive(gate, worker) is None

    until(elsewhere, "what ran in the zone was not begun elsewhere")
    seconds = time.monotonic() - began_s
    time.sleep(SETTLED_SECONDS)
    assert len(places(gate, "risk")[0]) == 2, "a worker went to a zone that its volume is not in"
    apply(*map(node, gone))
    until(lambda: ready(gate, "risk", 3), "the worker did not come back with its zone")
    assert places(gate, "risk") == (["a", "b", "c"], 3)
    return (
        f"ingest and broadcast elsewhere after {seconds:.0f} s; two workers stay, "
        "the third comes back with its zone, where its volume is"
    )


def _alive(gate: Server, worker: Pod) -> Pod | None:
    same = (pod for pod in gate.pods("risk") if pod.metadata.uid == worker.metadata.uid)
    return next(same, None)


def large(gate: Server) -> str:
    """Install helm/ci/production-values.yaml beside it, and change it."""
    run("kubectl", "create", "priorityclass", "trading", "--value", "1000")
    run("kubectl", "create", "namespace", gate.namespace)
    run("kubectl", "create", "serviceaccount", "riskgate", "--namespace", gate.namespace)
    enforced = "pod-security.kubernetes.io/enforce=restricted"
    run("kubectl", "label", "namespace", gate.namespace, enforced)
    for level in ("info", "debug"):
        upgrade(gate, "production", "--wait", "--set", f"settings.LOG_LEVEL={level}")
        found = {role: places(gate, role) for role in ROLES}
        assert found["risk"] == (["a", "a", "b", "b", "c", "c"], 6), (level, found)
        assert found["ingest"] == found["broadcast"] == (["a", "b", "c"], 3), (level, found)
    return (
        "6 workers, 2 in each zone, each on a node of its own; 3 ingest and 3 broadcast, "
        "1 in each zone; the same after a rollout"
    )


def main() -> None:
    """Run every scene, and write down what was seen."""
    apply(*map(node, NODES), *storage())
    plain, production = Server("riskgate"), Server("production")
    scenes: list[tuple[str, Callable[[Server], str], Server]] = [
        ("installed", installed, plain),
        ("a setting changed", rolled, plain),
        ("a new chart alone", unmoved, plain),
        ("pods that never get ready", stuck, plain),
        ("a node drained", drained, plain),
        ("4 workers, then 3", scaled, plain),
        ("a zone's nodes deleted", lost, plain),
        ("six workers, three zones", large, production),
    ]
    rows = []
    for name, scene, gate in scenes:
        began_s = time.monotonic()
        printed = scene(gate)
        rows.append(f"| {name} | {printed} | {time.monotonic() - began_s:.0f} |")
        sys.stderr.write(f"{rows[-1]}\n")
    PAGE.write_text(_page(rows))


def _page(rows: list[str]) -> str:
    version = json.loads(run("kubectl", "version", "-o", "json"))["serverVersion"]["gitVersion"]
    zones = Counter(name[0] for name in NODES)
    head = [
        "# The chart in a cluster",
        "",
        f"Kubernetes {version}: API server, controllers and scheduler are real; {len(NODES)} nodes",
        f"in {len(zones)} zones, and that pods get ready a second after they are placed, are",
        "kwok's pretence. Volumes belong to a zone. Made by `make check-cluster`.",
        "",
        "| what was done | what was seen | s |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    main()
