"""The API server that KUBECONFIG names, asked over HTTP, and what becomes of its pods."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Generic, TypeVar

import httpx
import yaml
from msgspec import Struct, field, json

PATIENCE_SECONDS = 300.0
T = TypeVar("T")


class Metadata(Struct, rename="camel"):
    name: str
    uid: str = ""
    labels: dict[str, str] = {}
    creation_timestamp: str = ""
    deletion_timestamp: str = ""


class Listed(Struct, Generic[T], rename="camel"):
    metadata: "Version"
    items: list[T]


class Version(Struct, rename="camel"):
    resource_version: str


class Condition(Struct):
    type: str
    status: str


class PodSpec(Struct, rename="camel"):
    node_name: str = ""


class PodStatus(Struct):
    conditions: list[Condition] = []


class Pod(Struct):
    """What is asked of a pod."""

    metadata: Metadata
    spec: PodSpec
    status: PodStatus = field(default_factory=PodStatus)

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def role(self) -> str:
        return self.metadata.labels.get("app.kubernetes.io/component", "")

    @property
    def leaves(self) -> bool:
        return self.metadata.deletion_timestamp != ""

    @property
    def ready(self) -> bool:
        """Ready and not terminating."""
        return not self.leaves and Condition("Ready", "True") in self.status.conditions


class Happened(Struct):
    """One thing that happened to a pod."""

    type: str
    object: Pod


class Watch:
    """Every change of a namespace's pods, from `watched` to its end."""

    def __init__(self, before: Sequence[Pod]) -> None:
        self._before = before
        self.happened: list[Happened] = []

    def read(self, lines: IO[bytes]) -> None:
        """Write down what comes until there is no more."""
        self.happened.extend(json.decode(line, type=Happened) for line in lines)

    def least_ready(self, role: str) -> int:
        """Return how many pods of a role were ready when they were fewest."""
        now = {pod.metadata.uid: pod for pod in self._before if pod.role == role}
        counts = [sum(pod.ready for pod in now.values())]
        for change in list(self.happened):
            pod = change.object
            if pod.role == role:
                now[pod.metadata.uid] = pod
                if change.type == "DELETED":
                    del now[pod.metadata.uid]
                counts.append(sum(pod.ready for pod in now.values()))
        return min(counts)

    def left(self, role: str) -> list[str]:
        """Return the pods of a role that were terminated, in the order of their first time.

        The controller at times brings one back as it was, and replaces it once more.
        """
        leaving = (change.object for change in list(self.happened) if change.object.leaves)
        return list(dict.fromkeys(pod.name for pod in leaving if pod.role == role))


class Server:
    """One namespace of the server."""

    def __init__(self, namespace: str) -> None:
        config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
        token = config["users"][0]["user"]["token"]
        self.namespace = namespace
        self._http = httpx.Client(
            base_url=config["clusters"][0]["cluster"]["server"],
            headers={"Authorization": f"Bearer {token}"},
            verify=False,
            timeout=120,
        )

    def listed(self, path: str, kind: type[T]) -> Listed[T]:
        """Return what lies under a path; `{}` in it is the namespace."""
        answer = self._http.get(path.format(f"namespaces/{self.namespace}"))
        answer.raise_for_status()
        return json.decode(answer.content, type=Listed[kind])  # type: ignore[valid-type]

    def pods(self, role: str) -> list[Pod]:
        """Return the pods of a role, by their names."""
        found = self.listed("/api/v1/{}/pods", Pod).items
        return sorted((pod for pod in found if pod.role == role), key=lambda pod: pod.name)

    def evict(self, pod: str) -> int:
        """Ask that a pod leaves, and return the status of the answer."""
        named = {"name": pod, "namespace": self.namespace}
        order = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": named}
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/eviction"
        return self._http.post(path, json=order).status_code

    @contextmanager
    def watched(self) -> Iterator[Watch]:
        """Write down what becomes of pods until the end."""
        before = self.listed("/api/v1/{}/pods", Pod)
        watch = Watch(before.items)
        since = f"watch=true&resourceVersion={before.metadata.resource_version}"
        path = f"/api/v1/namespaces/{self.namespace}/pods?{since}"
        stream = subprocess.Popen(["kubectl", "get", "--raw", path], stdout=subprocess.PIPE)
        reading = threading.Thread(target=watch.read, args=(stream.stdout,))
        reading.start()
        try:
            yield watch
            time.sleep(1)  # What the server says of the last moment.
            assert stream.poll() is None, "the watch ended early"
        finally:
            stream.terminate()
            reading.join()
            stream.wait()


def run(*command: str, text: str | None = None) -> str:
    """Run a command and return what it says. Raise SystemExit when it fails."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def until(look: Callable[[], T | None], otherwise: str) -> T:
    """Return what is there at last. Raise SystemExit when it does not come."""
    deadline_s = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        if time.monotonic() > deadline_s:
            raise SystemExit(f"{otherwise} within {PATIENCE_SECONDS:g} s")
        time.sleep(0.2)
    return found
