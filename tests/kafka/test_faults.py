"""Roles that are killed or end, and a broker that goes away, while signals keep coming."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pipeline.local.kafka import LocalKafka
from tests import given
from tests.kafka.supervisor import NOT_STARTED, STOPPED, Supervisor
from tests.kafka.world import Row, World

ACCOUNTS = [f"acct-{number}" for number in range(8)]
PAUSE_SECONDS = 0.015


def test_every_signal_is_decided_once_and_no_chain_forks_when_each_role_is_killed(
    world: World,
) -> None:
    roles = {role: world.run(role).ready() for role in ("broadcast", "risk", "ingest")}
    world.send(*(given.account(name) for name in ACCOUNTS))

    def restart(number: int) -> None:
        role = {100: "ingest", 250: "risk", 400: "broadcast", 450: "risk"}.get(number)
        if role is not None:
            roles[role].kill()
            roles[role] = world.run(role)

    ask(world, 600, meanwhile=restart)

    assert_exactly_once(world, 600)


def test_every_signal_is_decided_once_when_a_killed_worker_does_not_come_back(
    world: World,
) -> None:
    world.run("ingest")
    first = world.run("risk", instance="one").ready()
    world.run("risk", instance="two").ready()

    ask(world, 200, meanwhile=lambda number: first.kill() if number == 100 else None)

    assert_exactly_once(world, 200)


def test_every_signal_is_decided_once_and_soon_when_one_of_two_workers_is_told_to_end(
    world: World,
) -> None:
    patient = {"session_timeout_ms": 45_000}
    world.run("ingest")
    first, _ = (world.run("risk", instance=name, **patient).ready() for name in ("one", "two"))
    began_s = time.monotonic()

    ask(world, 200, meanwhile=lambda number: first.end() if number == 100 else None)

    assert_exactly_once(world, 200)
    assert time.monotonic() - began_s < 45 / 2  # Nobody waits for the end of the session.


def test_every_signal_is_decided_once_when_the_broker_restarts(tmp_path: Path) -> None:
    with LocalKafka() as kafka, World(kafka.bootstrap, tmp_path) as world:
        with Supervisor(world, "broadcast", "risk", "ingest") as supervisor:
            ask(world, 300, meanwhile=lambda number: kafka.restart() if number == 150 else None)

            assert_exactly_once(world, 300)
        assert set(supervisor.codes) <= {STOPPED, NOT_STARTED}
        assert [worker.ready().end() for worker in supervisor.workers.values()] == [0, 0, 0]


def test_processes_outlive_a_broker_that_is_away_for_a_minute(tmp_path: Path) -> None:
    with LocalKafka() as kafka, World(kafka.bootstrap, tmp_path) as world:
        roles = [world.run(role).ready() for role in ("broadcast", "risk", "ingest")]
        world.send(*(given.account(name) for name in ACCOUNTS))

        def leave(number: int) -> None:
            if number == 100:
                world.flush()
                kafka.kill()
                time.sleep(60)
                kafka.restart()

        ask(world, 200, meanwhile=leave)

        assert_exactly_once(world, 200)
        assert [role.process.poll() for role in roles] == [None, None, None]
        assert [role.ready().end() for role in roles] == [0, 0, 0]
        assert "A new session begins in this process" in "".join(role.log() for role in roles)


def test_ingest_ends_by_itself_when_the_broker_takes_no_commit(
    world: World, kafka: LocalKafka
) -> None:
    ingest = world.run("ingest", table_lag_ms_max=5000, sessions_mended_max=0).ready()
    ask(world, 20, meanwhile=lambda _: None)
    world.flush()

    kafka.pause()
    try:
        code = ingest.code()
    finally:
        kafka.resume()

    assert code == STOPPED
    assert "No broker reported the end offset" in ingest.log()
    assert "stuck in a call" not in ingest.log()


def ask(world: World, signals: int, *, meanwhile: Callable[[int], object]) -> None:
    """Send signals one by one, evenly, the accounts in turn."""
    for number in range(signals):
        meanwhile(number)
        world.send(
            given.signal(account_id=ACCOUNTS[number % len(ACCOUNTS)], signal_id=f"s{number}")
        )
        time.sleep(PAUSE_SECONDS)


def assert_exactly_once(world: World, signals: int) -> None:
    """One decision for each signal, of the sequence that its place in the log gives it."""
    decisions = world.read("decisions", lambda rows: len(rows) >= signals)
    events = world.read("events", lambda rows: len(asked(rows)) >= signals)

    found = {row["signal_id"]: row["sequence"] for row in decisions}
    assert Counter(row["signal_id"] for row in decisions) == Counter(asked(events))
    assert found == sequences(events)
    assert len({(row["account_id"], row["sequence"]) for row in decisions}) == signals


def asked(events: list[Row]) -> set[str]:
    """Return the signals in the log."""
    return {row["body"]["signal_id"] for row in events if row["type"] == "signals"}


def sequences(events: list[Row]) -> dict[str, int]:
    """Count each account's events up to each signal, without repetitions, as the contract says."""
    counts: Counter[str] = Counter()
    last: dict[tuple[str, str, int], int] = {}
    found: dict[str, int] = {}
    for row in events:
        account_id, source = row["account_id"], row.get("source")
        if source is not None:
            place = account_id, source["topic_id"], source["partition"]
            if source["offset"] <= last.get(place, -1):
                continue
            last[place] = source["offset"]
        counts[account_id] += 1
        if row["type"] == "signals":
            found[row["body"]["signal_id"]] = counts[account_id]
    return found
