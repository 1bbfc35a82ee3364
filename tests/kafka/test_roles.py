"""The three roles on a real broker, each its own process, when nothing goes wrong but the input."""

import time
from collections import Counter

import pytest

from tests import given
from tests.kafka.world import PARTITIONS, Row, Worker, World, until
from topics.catalogue import INPUTS

ACCOUNTS = [f"acct-{number}" for number in range(12)]


def test_signal_is_approved_when_all_three_roles_run_in_one_command(world: World) -> None:
    riskgate = world.run()
    world.send(
        given.instrument(),
        given.account(),
        given.limits(given.only("unknown_account", "heartbeat")),
    )
    wanted = Counter(limits=PARTITIONS, heartbeat=PARTITIONS, accounts=1)
    world.read("events", lambda rows: Counter(row["type"] for row in rows) >= wanted)

    world.send(given.price(100))
    world.await_price()
    world.send(given.signal("buy", 2, signal_id="s1"))

    (decision,) = world.read("decisions", bool)
    assert (decision["signal_id"], decision["verdict"]) == ("s1", "approved")
    assert riskgate.end() == 0


def test_every_signal_is_decided_once_when_two_risk_workers_share_the_partitions(
    world: World,
) -> None:
    world.run("ingest")
    workers = [world.run("risk", instance=name).ready() for name in ("one", "two")]
    world.send(*(given.account(name) for name in ACCOUNTS))
    world.send(*(given.signal(account_id=name) for name in ACCOUNTS))

    decisions = world.read("decisions", lambda rows: len(rows) >= len(ACCOUNTS))

    assert sorted(row["account_id"] for row in decisions) == sorted(ACCOUNTS)
    assert all(worker.ready().metric("riskgate_records_committed") > 0 for worker in workers)
    began = 'riskgate_start_time_seconds{role="risk"}'
    assert all(0 < time.time() - worker.metric(began) < 300 for worker in workers)


def test_signals_go_on_at_once_when_a_killed_ingest_returns_under_its_name(world: World) -> None:
    patient = {"session_timeout_ms": 45_000}
    first, _ = (world.run("ingest", instance=name, **patient).ready() for name in ("one", "two"))
    first.kill()
    killed_s = time.monotonic()

    world.run("ingest", instance="one", **patient).ready()

    assert time.monotonic() - killed_s < 30  # Long before its session is over.
    names = [f"acct-{n}" for n in range(16)]  # Of every partition.
    world.send(*(given.signal("hold", account_id=name) for name in names))
    events = world.read("events", lambda rows: len(rows) == len(names))
    assert {event["account_id"] for event in events} == {*names}


def test_signals_go_on_at_once_when_one_of_two_ingests_is_told_to_end(world: World) -> None:
    patient = {"session_timeout_ms": 45_000}
    first, _ = (world.run("ingest", instance=name, **patient).ready() for name in ("one", "two"))

    assert first.end() == 0
    world.send(*(given.signal(account_id=name) for name in ACCOUNTS))

    events = world.read("events", lambda rows: len(rows) >= len(ACCOUNTS))
    assert sorted(row["account_id"] for row in events) == sorted(ACCOUNTS)


def test_garbage_becomes_dead_letters_and_the_stream_goes_on_when_every_input_gets_some(
    world: World,
) -> None:
    roles = [world.run(role).ready() for role in ("broadcast", "risk", "ingest")]
    for topic in (*(topic.name for topic in INPUTS), "events"):
        world.send_bytes(topic, b"\xff{garbage", key=b"acct-1", partition=0)

    letters = world.read("dead_letters", lambda rows: len(rows) >= len(INPUTS) + 1)
    world.send(given.account(), given.signal())
    (decision,) = world.read("decisions", bool)

    named = sorted(row["source"]["topic"] for row in letters)
    assert named == sorted(["events", *(topic.name for topic in INPUTS)])
    assert decision["signal_id"] == "signal-1"
    assert [role.end() for role in roles] == [0, 0, 0]


def test_everyone_is_told_once_when_two_instruments_name_one_pair(world: World) -> None:
    for role in ("risk", "ingest"):
        world.run(role).ready()
    world.send(given.instrument("A", base_currency="EUR"))
    world.flush()
    time.sleep(0.01)  # They are in different partitions: only append times tell which was first.
    world.send(given.instrument("B", base_currency="EUR"), given.account())
    world.read("events", bool)  # The tables have both by now; the next event reports them.

    world.send(given.signal())
    conflicts = world.read("events", lambda rows: len(_conflicts(rows)) >= PARTITIONS)
    (alert,) = world.read("alerts", lambda rows: any(row["rule"] == "instrument" for row in rows))

    assert [row["sources"] for row in _conflicts(conflicts)] == [["A", "B"]] * PARTITIONS
    assert alert["message"].startswith("B names the currency pair EUR/USD that A named before")


def _conflicts(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["type"] == "instruments"]


def test_event_is_a_dead_letter_when_it_lies_in_a_foreign_partition(world: World) -> None:
    world.run("risk")
    # Java's murmur2 puts acct-1 into partition 2 of 4.
    heartbeat = b'{"type":"revaluation","account_id":"acct-1","body":{}}'
    world.send_bytes("events", heartbeat, key=b"acct-1", partition=1)

    (letter,) = world.read("dead_letters", bool)

    assert (letter["path"], letter["error"]) == ("$.account_id", "belongs to partition 2")


def test_message_of_ten_megabytes_is_a_dead_letter_when_the_topic_lets_it_in(world: World) -> None:
    world.configure("signals", "max.message.bytes", "12000000")
    world.run("ingest")
    world.send_bytes("signals", b"x" * 10_000_000, key=b"k" * 900_000)
    world.send(given.signal())

    (letter,) = world.read("dead_letters", bool)
    events = world.read("events", bool)

    assert letter["raw_bytes"] == 10_000_000
    assert len(letter["raw"]) == 21_848  # The first 16384 bytes in base64.
    assert events[0]["body"]["signal_id"] == "signal-1"


@pytest.mark.parametrize("role", ["ingest", "risk", "broadcast"])
def test_role_ends_with_zero_when_it_is_asked_to(world: World, role: str) -> None:
    started, running = world.run(role, instance="one"), world.run(role, instance="two")

    running.ready()

    assert (started.end(), running.end()) == (0, 0)


def test_run_names_the_topic_in_one_sentence_when_it_is_missing(world: World) -> None:
    world.delete("decisions")

    worker = world.run("risk")

    assert worker.code() == 2
    assert worker.log().count("\n") == 1
    assert f"{world.settings.topic('decisions')} is missing" in worker.log()


@pytest.mark.parametrize("role", ["ingest", "broadcast"])
def test_nothing_is_written_when_the_log_has_no_append_time(world: World, role: str) -> None:
    world.configure("events", "message.timestamp.type", "CreateTime")
    world.send(given.account())

    worker = world.run(role)

    assert worker.code() == 1
    assert "does not use LogAppendTime" in worker.log()
    assert world.ends("events") == [0] * PARTITIONS


def test_risk_goes_on_when_the_log_has_append_time_again(world: World) -> None:
    world.configure("events", "message.timestamp.type", "CreateTime")
    worker = world.run("risk").ready()
    heartbeat = b'{"type":"heartbeat","account_id":"*","body":{}}'
    world.send_bytes("events", heartbeat, key=b"*", partition=0)
    world.flush()
    assert worker.code() == 1
    assert "does not use LogAppendTime" in worker.log()

    world.configure("events", "message.timestamp.type", "LogAppendTime")
    again = world.run("risk").ready()

    until(lambda: again.metric("riskgate_records_committed") == 1, again.log)
    assert again.metric("riskgate_events_without_append_time") == 1
    assert again.end() == 0


@pytest.mark.parametrize("role", ["ingest", "risk", "broadcast"])
def test_worker_is_ready_and_says_why_it_idles_when_there_are_more_than_partitions(
    world: World, role: str
) -> None:
    workers = [world.run(role, instance=str(n)) for n in range(PARTITIONS + 1)]

    ready = [worker.ready() for worker in workers]
    until(lambda: sum(map(is_idle_member, ready)) == 1, world.logs)

    assert [worker.get("readyz").status_code for worker in workers] == [200] * len(workers)


def is_idle_member(worker: Worker) -> bool:
    """Whether a worker says that no partition was left for it."""
    return "an idle member of the group, since there are more workers" in worker.get("readyz").text
