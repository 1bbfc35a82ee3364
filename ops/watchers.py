"""A private Prometheus and Alertmanager on loopback, and a webhook in place of the person on call.

They read helm/alerts and ops/alertmanager.yml as they stand, and end with this process however
it ends.
"""

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple, Self, cast

import yaml

from pipeline.errors import StartupError
from pipeline.local.processes import end_process, free_ports, start_process

__all__ = ["Delivered", "Prometheus", "Webhook", "watching"]

RULES = Path(__file__).parent.parent / "helm" / "alerts"
ROUTING = Path(__file__).parent / "alertmanager.yml"
START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 10.0
SCRAPE = "1s"
# The programs' names in Debian, then those of the projects.
ALERTMANAGERS = ("prometheus-alertmanager", "alertmanager")


class Delivered(NamedTuple):
    """A delivered alert."""

    name: str
    receiver: str
    labels: dict[str, str]
    annotations: dict[str, str]
    at_s: float  # time.monotonic()


class Webhook:
    """Collect what Alertmanager delivers while inside `with`."""

    def __init__(self) -> None:
        self._delivered: list[Delivered] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _receiver(self._delivered))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def names(self) -> list[str]:
        """Return the alerts that were delivered, each once."""
        return sorted({alert.name for alert in list(self._delivered)})

    def first(self, name: str) -> Delivered | None:
        """Return the first delivery of an alert."""
        return next((alert for alert in list(self._delivered) if alert.name == name), None)


class Prometheus:
    """Query a running Prometheus."""

    def __init__(self, url: str) -> None:
        self._url = url

    def answers(self, expression: str) -> bool:
        """Whether a query has a result. Raise StartupError when Prometheus rejects it."""
        query = urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(f"{self._url}/api/v1/query?{query}") as answer:
                return bool(json.load(answer)["data"]["result"])
        except urllib.error.HTTPError as error:
            raise StartupError(f"Prometheus rejects {expression}: {error.read()!r}") from error


@contextmanager
def watching(targets: Sequence[str], webhook: str, folder: Path) -> Iterator["Prometheus"]:
    """Scrape these addresses every second and send firing alerts to the webhook at once."""
    prometheus, alertmanager = free_ports(2)
    rules = [str(path) for path in sorted(RULES.glob("*.yaml"))]
    settings = _write(folder / "prometheus.yml", _prometheus(targets, rules, alertmanager))
    route = _write(folder / "alertmanager.yml", _alertmanager(webhook))
    _check("promtool", "check", "config", str(settings))
    _check("amtool", "check-config", str(route))
    with ExitStack() as stack:
        for command, port in (
            (_run_alertmanager(route, alertmanager, folder), alertmanager),
            (_run_prometheus(settings, prometheus, folder), prometheus),
        ):
            stack.enter_context(_running(command, folder / f"{Path(command[0]).name}.log"))
            _await_listening(port, command[0])
        yield Prometheus(f"http://127.0.0.1:{prometheus}")


def _prometheus(targets: Sequence[str], rules: list[str], alertmanager: int) -> object:
    return {
        "global": {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE},
        "rule_files": rules,
        "scrape_configs": [{"job_name": "riskgate", "static_configs": [{"targets": [*targets]}]}],
        "alerting": {
            "alertmanagers": [
                {"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]},
            ]
        },
    }


def _alertmanager(webhook: str) -> object:
    """Return the routing of alerts, redirected to the webhook without delays."""
    routing = yaml.safe_load(ROUTING.read_text())
    at_once = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
    for route in (routing["route"], *routing["route"]["routes"]):
        route.update(at_once)
    for receiver in routing["receivers"]:
        receiver["webhook_configs"] = [{"url": webhook, "send_resolved": False}]
    return cast("object", routing)


def _run_prometheus(settings: Path, port: int, folder: Path) -> list[str]:
    return [
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]


def _run_alertmanager(settings: Path, port: int, folder: Path) -> list[str]:
    command = next((name for name in ALERTMANAGERS if shutil.which(name)), ALERTMANAGERS[0])
    return [
        command,
        f"--config.file={settings}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[None]:
    _require(command[0])
    process = start_process(command, log=log)
    try:
        yield
    finally:
        process.terminate()
        end_process(process, seconds_max=STOP_SECONDS_MAX)


def _check(*command: str) -> None:
    _require(command[0])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartupError(f"{' '.join(command)} says: {done.stdout}{done.stderr}")


def _require(program: str) -> None:
    if shutil.which(program) is None:
        raise StartupError(
            f"{program} is not installed; on Debian: RUNLEVEL=1 apt-get install "
            "--no-install-recommends prometheus prometheus-alertmanager"
        )


def _write(path: Path, content: object) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def _await_listening(port: int, name: str) -> None:
    deadline_s = time.monotonic() + START_SECONDS_MAX
    while not _listens(port):
        if time.monotonic() > deadline_s:
            raise StartupError(f"{name} does not listen within {START_SECONDS_MAX:g} s")
        time.sleep(0.1)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _receiver(delivered: list[Delivered]) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Collect the alerts of one request."""
            at_s = time.monotonic()
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for alert in message["alerts"]:
                labels = alert["labels"]
                name = labels["alertname"]
                receiver = message["receiver"]
                delivered.append(Delivered(name, receiver, labels, alert["annotations"], at_s))
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write no access log: the terminal is for the results."""

    return Receiver
