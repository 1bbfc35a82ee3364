"""The chart's own manifests as real containers on a guarded Kafka: decided once, stopped, started.

`make check-image` runs it, with podman and helm; not part of the test suite. Debian's podman cannot
play these manifests as they are, so each pod is made a `podman run` that keeps to what it says of
user, root, capabilities, environment, volumes and Secrets; probes are asked over HTTP.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml
from confluent_kafka import Consumer, Producer

from pipeline.local.processes import free_ports
from pipeline.streams.admin.acls import accesses
from pipeline.streams.settings import Settings
from tests import given
from tests.kafka.guarded_kafka import PASSWORD, GuardedKafka
from topics import codec
from topics.signals import TOPIC as SIGNALS

ROOT = Path(__file__).parent.parent.parent
HELM = os.environ.get("HELM", str(ROOT / ".cache" / "tools" / "bin" / "helm"))
IMAGE = os.environ.get("IMAGE", "localhost/riskgate:0.1.0")
PARTITIONS, SIGNALS_SENT = 4, 400
READY_SECONDS_MAX = 120
Manifest = dict[str, Any]
Secrets = dict[tuple[str, str], str]


class Container(NamedTuple):
    """One pod's one container."""

    name: str
    port: int
    command: list[str]  # What follows `podman run`.


def podman(*arguments: str, text: str | None = None) -> str:
    """Run podman and return what it says."""
    done = subprocess.run(
        ["podman", *arguments], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"podman {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def say(text: str) -> None:
    """Print progress for the person who watches."""
    sys.stderr.write(f"{text}\n")


def rendered(kafka: GuardedKafka) -> list[Manifest]:
    """Render the chart as a user of SCRAM over TLS would."""
    values = {
        "image": {"repository": IMAGE.rpartition(":")[0], "tag": IMAGE.rpartition(":")[2]},
        "kafka": {
            "brokers": kafka.settings("risk")["brokers"],
            "topicPrefix": "c.",
            "groupPrefix": "gate",
            "partitions": PARTITIONS,
            "tls": {"enabled": True, "caSecret": "kafka-ca"},
            "login": "SCRAM-SHA-512",
            "users": {role: {"name": role, "secret": "users"} for role in ("ingest", "risk")}
            | {role: {"name": role, "secret": "users"} for role in ("broadcast", "operator")},
        },
        "risk": {"replicas": 2},
        "ingest": {"replicas": 1},
        "broadcast": {"replicas": 1},
    }
    command = [HELM, "template", "gate", str(ROOT / "helm"), "--values", "-"]
    done = subprocess.run(
        command, input=yaml.safe_dump(values), capture_output=True, text=True, check=True
    )
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def held(kafka: GuardedKafka, folder: Path) -> Secrets:
    """Put what the chart expects in Secrets where containers can see it."""
    found = {
        ("users", "password"): PASSWORD.encode(),
        ("kafka-ca", "ca.crt"): kafka.authority.read_bytes(),
    }
    for (name, key), value in found.items():
        file = folder / "secrets" / name / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value)
    return {place: value.decode() for place, value in found.items()}


def containers(kafka: GuardedKafka, folder: Path) -> Iterator[Container]:
    """Make of every workload and job its containers, with the command that runs each."""
    secrets = held(kafka, folder)
    for manifest in rendered(kafka):
        if manifest["kind"] not in {"StatefulSet", "Deployment", "Job"}:
            continue
        for number in range(manifest["spec"].get("replicas", 1)):
            name = f"{manifest['metadata']['name']}-{number}"
            (port,) = free_ports(1)
            spec = manifest["spec"]["template"]["spec"]
            command = [*_guards(spec), *_environment(spec, secrets, name=name, port=port)]
            command += [*_volumes(spec, folder, name=name), IMAGE, *spec["containers"][0]["args"]]
            yield Container(name, port, command)


def _guards(spec: Manifest) -> Iterator[str]:
    """Take over what the pod says of its rights; refuse to run what it does not say."""
    rights = spec["containers"][0]["securityContext"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert rights["readOnlyRootFilesystem"] is True
    assert rights["allowPrivilegeEscalation"] is False
    yield from ("--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--network=host")
    yield from ("--security-opt", "no-new-privileges")
    yield f"--user={spec['securityContext']['runAsUser']}:{spec['securityContext']['runAsGroup']}"
    limits = spec["containers"][0]["resources"]["limits"]
    yield f"--memory={limits['memory'].removesuffix('i').lower()}"


def _environment(spec: Manifest, secrets: Secrets, *, name: str, port: int) -> Iterator[str]:
    # All share the network of this machine.
    own = {"RISKGATE_HTTP_PORT": str(port), "RISKGATE_HTTP_HOST": "127.0.0.1"}
    for entry in spec["containers"][0]["env"]:
        value = own.get(entry["name"], entry.get("value"))
        if value is None and "fieldRef" in entry["valueFrom"]:
            assert entry["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
            value = name
        if value is None:
            place = entry["valueFrom"]["secretKeyRef"]
            value = secrets[place["name"], place["key"]]
        yield f"--env={entry['name']}={value}"


def _volumes(spec: Manifest, folder: Path, *, name: str) -> Iterator[str]:
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    for mount in spec["containers"][0]["volumeMounts"]:
        volume = volumes.get(mount["name"])
        path = mount["mountPath"]
        if volume is None:  # A claim of the StatefulSet.
            yield f"--volume=state-{name}:{path}:U"
        elif "secret" in volume:
            yield f"--volume={folder}/secrets/{volume['secret']['secretName']}:{path}:ro"
        else:
            yield f"--mount=type=tmpfs,destination={path},chown"


def await_ready(container: Container) -> float:
    """Wait until a pod is ready, as Kubernetes would see it, and return the seconds it took."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < READY_SECONDS_MAX:
        try:
            if httpx.get(f"http://127.0.0.1:{container.port}/readyz", timeout=5).status_code == 200:
                return time.monotonic() - began_s
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    subprocess.run(["podman", "logs", "--tail=20", container.name], check=False)
    raise SystemExit(f"{container.name} is not ready")


def send(kafka: GuardedKafka, first: int, last: int) -> None:
    """Write signals of a hundred accounts, as their strategy."""
    producer = Producer({**kafka.client("strategy"), "partitioner": "murmur2", "acks": "all"})
    for number in range(first, last):
        signal = given.signal(signal_id=f"s{number}", account_id=f"acct-{number % 100}")
        producer.produce("c.signals", codec.encode(signal), codec.key_of(SIGNALS, signal).encode())
        producer.poll(0.01)
    assert producer.flush(60) == 0


def decided(kafka: GuardedKafka, count: int) -> Counter[str]:
    """Read decisions as an execution engine until there are so many and no more come."""
    own = {"group.id": f"gate-engine-{count}", "auto.offset.reset": "earliest"}
    consumer = Consumer({**kafka.client("engine"), **own, "isolation.level": "read_committed"})
    consumer.subscribe(["c.decisions"])
    found: Counter[str] = Counter()
    quiet_since_s = time.monotonic()
    while time.monotonic() - quiet_since_s < (5 if found.total() >= count else 60):
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            found[json.loads(message.value() or b"{}")["signal_id"]] += 1
            quiet_since_s = time.monotonic()
    consumer.close()
    return found


def main() -> None:
    """Install, decide, stop a worker under load, start it again, and count."""
    folder = Path(tempfile.mkdtemp(prefix="riskgate-image-"))
    with GuardedKafka(folder) as kafka:
        kafka.allow(accesses(Settings(topic_prefix="c.", group_prefix="gate")))
        made = list(containers(kafka, folder))
        job, *running = sorted(made, key=lambda container: "-topics-" not in container.name)
        try:
            podman("run", "--detach", f"--name={job.name}", *job.command)
            assert podman("wait", job.name) == "0", podman("logs", job.name)
            say(podman("logs", job.name).splitlines()[-1])
            run(kafka, running)
        finally:
            for container in made:
                remove(container)
    shutil.rmtree(folder)


def remove(container: Container) -> None:
    """End a container and forget its state: the next Kafka knows nothing of it."""
    for command in (
        ["rm", "--force", "--ignore", "--volumes", "--time=1", container.name],
        ["volume", "rm", "--force", f"state-{container.name}"],
    ):
        subprocess.run(["podman", *command], check=False, capture_output=True)


def run(kafka: GuardedKafka, running: list[Container]) -> None:
    """Do it with containers that are to be started."""
    for container in running:
        podman("run", "--detach", f"--name={container.name}", *container.command)
    for container in running:
        say(f"{container.name} is ready after {await_ready(container):.0f} s more")
    half = SIGNALS_SENT // 2
    send(kafka, 0, half)
    assert decided(kafka, half).total() == half
    worker = next(container for container in running if container.name.endswith("risk-0"))
    send(kafka, half, SIGNALS_SENT - 100)
    began_s = time.monotonic()
    podman("stop", "--time=120", worker.name)
    code = podman("inspect", "--format={{.State.ExitCode}}", worker.name)
    say(f"{worker.name} ended with {code} in {time.monotonic() - began_s:.1f} s after SIGTERM")
    assert code == "0"
    send(kafka, SIGNALS_SENT - 100, SIGNALS_SENT)
    podman("start", worker.name)
    say(f"{worker.name} is ready again after {await_ready(worker):.0f} s")
    counts = decided(kafka, SIGNALS_SENT)
    assert counts == Counter(f"s{number}" for number in range(SIGNALS_SENT)), counts
    say(f"{SIGNALS_SENT} signals, each decided exactly once")


if __name__ == "__main__":
    main()
