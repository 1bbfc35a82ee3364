"""The recorded log on a real broker, decided again and compared with what was recorded."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import orjson
import pytest
from confluent_kafka import OFFSET_BEGINNING, TopicPartition
from msgspec import Raw, Struct

from pipeline.local.kafka import LocalKafka
from pipeline.replay.tapes import to_bytes
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.clients.read_to_end import operator_reader, read_to_end
from pipeline.streams.roles.children import riskgate_command
from tests import given
from tests.kafka.world import PARTITIONS, World

ACCOUNTS = [f"acct-{number}" for number in range(6)]
RULES = given.only("cash", "drawdown", "heartbeat")
OUTPUTS = ("decisions", "emergency_stops", "alerts")


class Output(Struct):
    """A line that replay prints."""

    topic: str
    key: str
    value: Raw


decode_output = msgspec.json.Decoder(Output).decode


@pytest.fixture(scope="module")
def quiet_world(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two accounts that were opened, and nothing else."""
    with World(kafka.bootstrap, Path(tmp_path_factory.mktemp("quiet"))) as world:
        riskgate = world.run()
        world.send(*(given.account(name) for name in ("a", "b")))
        world.read("account_states", lambda rows: {"a", "b"} <= {row["account_id"] for row in rows})
        riskgate.end()
        yield world


def replay(world: World, *arguments: str) -> tuple[int, str]:
    return run(world, "replay", "--from-kafka", *arguments)


def run(world: World, *arguments: str, **settings: str) -> tuple[int, str]:
    named = {f"RISKGATE_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        riskgate_command(*arguments),
        env={**os.environ, **world.environment("replay"), **named},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def trade(world: World) -> None:
    """Fund the accounts, let each buy, and lose enough that its emergency stop comes."""
    riskgate = world.run()
    world.send(given.limits(RULES), given.instrument(), given.price(100))
    world.await_price()
    for name in ACCOUNTS:
        world.send(given.account(name, balance=1000))
    world.read("account_states", lambda rows: {row["account_id"] for row in rows} >= {*ACCOUNTS})
    for name in ACCOUNTS:
        signal = given.signal("buy", 5, account_id=name)
        fill = given.fill("buy", 5, 100, signal_id="signal-1", account_id=name)
        world.send(signal, fill)
    world.read("account_states", lambda rows: sum(bool(row["positions"]) for row in rows) >= 6)
    world.send(given.price(50))
    world.read("account_states", lambda rows: sum(bool(row["confirming"]) for row in rows) >= 6)
    world.send(given.price(51))
    world.read("emergency_stops", lambda rows: len({row["account_id"] for row in rows}) == 6)
    riskgate.end()


def forge_alert(world: World) -> None:
    """Write an alert into the log that nobody decided."""
    (row, *_) = world.read("alerts", lambda rows: len(rows) >= 6)
    partition = partition_of(row["account_id"], world.settings.partitions)
    forged = orjson.dumps(row | {"message": "forged"})
    world.send_bytes("alerts", forged, key=row["account_id"].encode(), partition=partition)
    world.flush()


def test_nothing_differs_but_what_was_forged_when_the_log_is_decided_again(world: World) -> None:
    trade(world)

    code, printed = replay(world)

    assert code == 0, printed
    assert "decisions: 0 equal" not in printed
    assert printed.count(" equal, 0 different") == 4

    forge_alert(world)
    code, printed = replay(world)

    assert code == 1, printed
    assert printed.count(" equal, 0 different") == 3
    assert '"message":"forged"' in printed


@pytest.mark.parametrize(
    "command",
    [
        ("replay", "--from-kafka"),
        ("replay", "--from-kafka", "--against", "{limits}"),
        ("report", "--from-kafka", "--out", "{page}"),
    ],
)
def test_log_is_read_whatever_the_settings_say_of_partitions_but_not_for_another_group(
    quiet_world: World, tmp_path: Path, command: tuple[str, ...]
) -> None:
    limits, page = tmp_path / "limits.yaml", tmp_path / "page.html"
    limits.write_text("cash: {}\n")
    named = [part.format(limits=limits, page=page) for part in command]

    code, printed = run(quiet_world, *named, partitions="24")
    lost, sentence = run(quiet_world, *named, group_prefix="nobody")

    events = quiet_world.settings.topic("events")
    assert (code, lost) == (0, 1), printed
    assert sentence == (
        f"riskgate: The group nobody-risk has decided nothing of {events}, so there is nothing to "
        "replay; name the group of the risk workers with RISKGATE_GROUP_PREFIX and "
        "RISKGATE_REPLICA\n"
    )


def test_replay_says_so_when_the_log_of_its_prefix_never_had_an_event(world: World) -> None:
    events = world.settings.topic("events")

    code, printed = replay(world)

    assert code == 1
    assert printed == (
        f"riskgate: {events} has never had an event, so there is nothing to replay; "
        "name the topics with RISKGATE_TOPIC_PREFIX\n"
    )


def test_other_limits_answer_otherwise_when_the_log_is_replayed(
    world: World, tmp_path: Path
) -> None:
    against = tmp_path / "against.yaml"
    against.write_bytes(orjson.dumps(RULES | {"drawdown": {"enabled": False}}))
    trade(world)

    code, printed = replay(world, "--against", str(against))

    assert code == 1, printed
    assert printed.count(" drawdown ") == 6, printed  # The stop of each account.


def test_report_tells_of_every_account_when_it_reads_the_log(world: World, tmp_path: Path) -> None:
    trade(world)
    page = tmp_path / "report.html"

    code, printed = run(world, "report", "--from-kafka", "--out", str(page))

    # Six that trade, and nobody, who waited for the price.
    assert (code, printed) == (0, f"{page} covers 7 accounts.\n")
    # Each bought 5 at 100, which are worth 51.
    assert page.read_text().count("<td>-245.00</td>") == 12


def test_recording_decides_what_was_published_when_it_is_replayed(
    world: World, tmp_path: Path
) -> None:
    trade(world)
    whole, one = tmp_path / "log.jsonl.gz", tmp_path / "one.jsonl"

    said = [
        run(world, "record", str(whole)),
        run(world, "record", str(one), "--account", "acct-3", "--account", "x"),
    ]

    assert [code for code, _ in said] == [0, 1], said
    assert f"{whole} holds " in said[0][1]
    assert said[1][1].endswith("riskgate: account x has no recorded event\n")
    for file, accounts in ((whole, {*ACCOUNTS}), (one, {"acct-3"})):
        code, printed = run(world, "replay", str(file))
        assert code == 0, printed
        decided = values_by_topic(printed.encode().splitlines(), accounts)
        assert decided == published(world, accounts)
        assert all(decided.values())


def values_by_topic(lines: list[bytes], accounts: set[str]) -> dict[str, list[bytes]]:
    """The bytes of these accounts' outputs; each names its account and sequence."""
    found: dict[str, list[bytes]] = {topic: [] for topic in OUTPUTS}
    for line in lines:
        each = decode_output(line)
        if each.topic in found and each.key in accounts:
            found[each.topic].append(bytes(each.value))
    return {topic: sorted(values) for topic, values in found.items()}


def published(world: World, accounts: set[str]) -> dict[str, list[bytes]]:
    """The bytes in Kafka of the same."""
    found: dict[str, list[bytes]] = {}
    for topic in OUTPUTS:
        name = world.settings.topic(topic)
        places = [TopicPartition(name, number, OFFSET_BEGINNING) for number in range(PARTITIONS)]
        with closing(operator_reader(Broker(world.settings))) as consumer:
            found[topic] = sorted(
                to_bytes(message.value() or b"")
                for message in read_to_end(consumer, places)
                if to_bytes(message.key() or b"").decode() in accounts
            )
    return found
