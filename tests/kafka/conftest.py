"""A real broker, shared by the tests of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.local.kafka import LocalKafka
from tests.kafka.rig import Rig
from tests.kafka.world import World


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """Run one broker for the whole session; it may be paused, never stopped."""
    with LocalKafka(settings={"group.min.session.timeout.ms": "1000"}) as kafka:
        yield kafka


@pytest.fixture
def rig(kafka: LocalKafka, tmp_path: Path) -> Iterator[Rig]:
    """Return topics, groups and folders that no other test uses."""
    rig = Rig(kafka.bootstrap, tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def world(kafka: LocalKafka, tmp_path: Path) -> Iterator[World]:
    """Return riskgate as a user runs it, with topics that no other test uses."""
    with World(kafka.bootstrap, tmp_path) as world:
        yield world
