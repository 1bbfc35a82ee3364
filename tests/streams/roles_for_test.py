"""Stand-ins for roles, in a module that a spawned process can import."""

import os
import signal
import time
from pathlib import Path

from pipeline.errors import StartupError
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings

DEAF_SECONDS = 60


def report(role: RoleName, settings: Settings) -> None:
    (settings.state_dir / role).write_text(f"{os.getpid()} {settings.http_port}")


def run_until_told(role: RoleName, settings: Settings) -> int:
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    report(role, settings)
    until = time.monotonic() + DEAF_SECONDS
    while not told and time.monotonic() < until:
        time.sleep(0.01)
    (settings.state_dir / f"{role}-ended").touch()
    return 0


def risk_ends(role: RoleName, settings: Settings) -> int:
    if role is RoleName.RISK:
        wait_for(settings.state_dir / RoleName.INGEST)
        return 0
    return run_until_told(role, settings)


def risk_cannot_start(role: RoleName, settings: Settings) -> int:
    if role is RoleName.RISK:
        wait_for(settings.state_dir / RoleName.INGEST)
        raise StartupError("no luck; try again")
    return run_until_told(role, settings)


def wait_for(path: Path) -> str:
    until = time.monotonic() + DEAF_SECONDS
    while time.monotonic() < until:
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.01)
    raise TimeoutError(path)
