"""Closed days as files: written from a real broker, proved whole, and decided again."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.archive.days import write_days
from pipeline.archive.manifest import SIGNATURE, days_of
from pipeline.archive.signing import sign
from pipeline.errors import StartupError
from pipeline.local.kafka import LocalKafka
from tests import given
from tests.cli.command import riskgate
from tests.kafka.world import World, until

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def world(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return a world that decided some events, and whose workers have ended."""
    with World(kafka.bootstrap, Path(tmp_path_factory.mktemp("world"))) as world:
        ingest, risk, broadcast = (world.run(role) for role in ("ingest", "risk", "broadcast"))
        world.send(given.instrument(), given.account("a"), given.account("b"), given.price(100))
        world.send(given.limits(given.only()))
        world.await_price()
        for number in range(10):
            name = "ab"[number % 2]
            world.send(given.signal("buy", 1, signal_id=f"s{number}", account_id=name))
        world.send(given.control("halt", account_id="a"))
        world.read("decisions", lambda rows: len(rows) == 11)
        broadcast.end()
        ingest.end()
        probe = Path(tmp_path_factory.mktemp("probe"))
        until(lambda: is_decided(world, probe), risk.log)
        risk.end()
        yield world


@pytest.fixture(scope="module")
def archive(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive of today and of an empty day after it."""
    folder = tmp_path_factory.mktemp("archive") / "days"
    signing = partial(sign, key=Ed25519PrivateKey.generate())
    days = list(write_days(world.settings, folder, now_ms=now_ms() + 2 * DAY_MS, sign=signing))
    assert len(days) == 2
    return folder


def now_ms() -> int:
    """Return the time."""
    return time.time_ns() // 1_000_000


def is_decided(world: World, probe: Path) -> bool:
    """Return whether risk has decided all events."""
    try:
        list(write_days(world.settings, probe, now_ms=now_ms() + 2 * DAY_MS))
    except StartupError:
        return False
    return True


def test_archive_is_whole_when_nothing_touched_it(archive: Path) -> None:
    done = riskgate("verify", str(archive))

    first, last = days_of(archive)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{archive} is whole from {first} to {last}; ")


def test_archived_days_decide_the_same_when_they_are_replayed(archive: Path) -> None:
    done = riskgate("replay", str(archive))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "decisions: 11 equal, 0 different" in done.stdout
    assert "emergency_stops: 1 equal, 0 different" in done.stdout


def test_nothing_is_written_twice_when_the_days_are_there(world: World, archive: Path) -> None:
    assert list(write_days(world.settings, archive, now_ms=now_ms() + 2 * DAY_MS)) == []


def test_archive_is_the_same_when_it_is_written_again(
    world: World, archive: Path, tmp_path: Path
) -> None:
    list(write_days(world.settings, tmp_path, now_ms=now_ms() + 2 * DAY_MS))

    assert files_of(tmp_path) == files_of(archive)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder but signatures."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != SIGNATURE
    }
