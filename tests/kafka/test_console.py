"""The console on a real broker: rebuilt at its start from what risk wrote, then live."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer

from pipeline.console.feed import Feed
from pipeline.console.model import Model
from pipeline.console.server import fetched
from pipeline.local.kafka import LocalKafka
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output
from tests import given
from tests.kafka.world import World
from tests.outputs.recorded import outputs
from topics.fields import EVERYONE

SECONDS_MAX = 60.0
BEFORE = (given.account(), given.signal("buy", 2))
AFTER = (*BEFORE, given.control("halt"))


def test_model_is_what_kafka_holds_and_what_comes_when_it_is_fed(
    kafka: LocalKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(given, "T0_MS", time.time_ns() // 1_000_000)
    before, after = outputs(*BEFORE), outputs(*AFTER)
    with World(kafka.bootstrap, tmp_path) as world:
        _write(world, before)
        model, reader = Model(), OutputReader(world.settings)
        with Feed(reader, model) as feed:
            _wait(lambda: feed.why_stale() is None)
            assert [each.word for each in model.decisions.newest(given.ACCOUNT)] == ["rejected"]
            _write(world, after[len(before) - 2 :])
            _wait(lambda: model.rows.accounts[given.ACCOUNT].trading_state == "halted")
        entry = next(model.decisions.newest(given.ACCOUNT))
        found = fetched(reader, ("decisions", entry.partition), entry.offset)
        assert found is not None
        assert b'"kind":"decision"' in found.value
        assert fetched(reader, ("decisions", entry.partition), entry.offset + 99) is None


def test_console_exits_with_zero_when_it_is_told_to_end(world: World) -> None:
    console = world.start("console", console_port=0)
    _wait(lambda: "the console is at" in console.log())

    assert console.end() == 0
    assert "Traceback" not in console.log()


def _write(world: World, made: Sequence[Output]) -> None:
    """Write outputs as risk does."""
    producer = Producer({"bootstrap.servers": world.settings.brokers, "partitioner": "murmur2"})
    for output in made:
        if output.account_id != EVERYONE:
            name = world.settings.topic(output.topic)
            producer.produce(name, output.value, output.account_id.encode())
    assert producer.flush(30) == 0


def _wait(is_true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + SECONDS_MAX
    while not is_true():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
