"""The roles of riskgate as child processes, which never outlive this process, however it ends."""

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from pipeline.demo.kafka_io import DemoError
from pipeline.local.processes import end_process, free_ports, start_process
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import Settings, variable

__all__ = ["ROLES", "RoleProcesses"]

ROLES = (RoleName.INGEST, RoleName.RISK, RoleName.RISK, RoleName.BROADCAST)
READY_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 30.0
ANSWER_SECONDS_MAX = 2.0
LAST_LINES = 3


class RoleProcess:
    """One role with its log file and its HTTP port."""

    def __init__(self, name: str, role: RoleName, *, settings: Settings, folder: Path) -> None:
        self.name = name
        self.port = settings.http_port
        self.log = folder / f"{name}.log"
        self._process = start_process(
            riskgate_command("run", role),
            log=self.log,
            environment={**os.environ, **_environment(settings)},
        )

    @property
    def url(self) -> str:
        """The address of its metrics and health endpoints."""
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        """Whether it has its partitions and tables. Raise DemoError when it has exited."""
        self.check()
        asking = HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS_MAX)
        with contextlib.closing(asking):
            try:
                asking.request("GET", "/readyz")
                return asking.getresponse().status == HTTPStatus.OK
            except (OSError, HTTPException):
                return False

    def check(self) -> None:
        """Raise DemoError when it has exited."""
        if self._process.poll() is not None:
            raise DemoError(f"{self.name} exited unexpectedly: {self.log_tail()}")

    def log_tail(self) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-LAST_LINES:]) or "it wrote nothing"

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it without warning, as the loss of a machine would."""
        self._process.kill()

    def end(self, deadline_s: float) -> bool:
        """Wait until the deadline, then kill it; return whether it exited by itself with 0."""
        return end_process(self._process, seconds_max=deadline_s - time.monotonic()) == 0


class RoleProcesses:
    """All role processes of one demo."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.processes: list[RoleProcess] = []
        ports = free_ports(len(ROLES))
        for number, (role, port) in enumerate(zip(ROLES, ports, strict=True)):
            name = f"{role}-{number}"
            own = settings.model_copy(
                update={
                    "instance": name,
                    "http_port": port,
                    "state_dir": folder / f"{name}-state",
                }
            )
            self.processes.append(RoleProcess(name, role, settings=own, folder=folder))

    def await_ready(self) -> None:
        """Wait until every role is ready. Raise DemoError when one exits or takes too long."""
        deadline_s = time.monotonic() + READY_SECONDS_MAX
        # Ask all of them each time: a ready role loses partitions when the next one joins.
        while waiting := [process for process in self.processes if not process.is_ready()]:
            if time.monotonic() > deadline_s:
                names = ", ".join(process.name for process in waiting)
                raise DemoError(
                    f"{names} did not become ready within {READY_SECONDS_MAX:g} s: "
                    f"{waiting[0].log_tail()}"
                )
            time.sleep(0.2)

    def check(self) -> None:
        """Raise DemoError when a role has exited."""
        for process in self.processes:
            process.check()

    def stop(self) -> Sequence[str]:
        """Stop every role gracefully and return the names of those that did not exit with 0."""
        for process in self.processes:
            process.ask_to_end()
        deadline_s = time.monotonic() + STOP_SECONDS_MAX
        ended = [(process.name, process.end(deadline_s)) for process in self.processes]
        self.processes = []
        return [name for name, well in ended if not well]


def _environment(settings: Settings) -> Mapping[str, str]:
    names = (
        "brokers",
        "topic_prefix",
        "group_prefix",
        "partitions",
        "replication_factor",
        "instance",
        "state_dir",
        "http_port",
        "revaluation_interval_ms",
        "log_format",
        "metrics_accounts_max",
    )
    values = {variable(name): str(getattr(settings, name)) for name in names}
    return {**values, variable("account_currencies"): ",".join(settings.account_currencies)}
