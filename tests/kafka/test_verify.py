"""The judge on a real broker: a healthy deployment, followed while it runs, then tampered with."""

import os
import signal
import subprocess
from contextlib import closing

import orjson
from confluent_kafka import TopicPartition

from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.group_offsets import outsider
from pipeline.streams.roles.children import riskgate_command
from tests import given
from tests.kafka.world import WAIT_SECONDS_MAX, Row, World, until

ACCOUNTS = [f"acct-{number}" for number in range(6)]
RULES = given.only("cash", "drawdown", "heartbeat")
DECISIONS = "decisions"


def start(world: World, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        riskgate_command("verify", *arguments),
        env={**os.environ, **world.environment("verify")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def verify(world: World, *arguments: str) -> tuple[int, str]:
    process = start(world, *arguments)
    printed, _ = process.communicate(timeout=2 * WAIT_SECONDS_MAX)
    return process.returncode, printed


def open_accounts(world: World) -> None:
    world.send(given.limits(RULES), given.instrument(), given.price(100))
    world.await_price()
    for name in ACCOUNTS:
        world.send(given.account(name, balance=1000))
    world.read("account_states", lambda rows: {row["account_id"] for row in rows} >= {*ACCOUNTS})


def trade(world: World) -> None:
    """Let each account buy and lose enough that its emergency stop comes."""
    for name in ACCOUNTS:
        bought = given.fill("buy", 5, 100, signal_id="signal-1", account_id=name, fee="0.5")
        world.send(given.signal("buy", 5, account_id=name), bought)
    world.read("account_states", lambda rows: sum(bool(row["positions"]) for row in rows) >= 6)
    world.send(given.price(50))
    world.read("account_states", lambda rows: sum(bool(row["confirming"]) for row in rows) >= 6)
    world.send(given.price(51))
    world.read("emergency_stops", lambda rows: len({row["account_id"] for row in rows}) == 6)


def decisions(world: World) -> list[Row]:
    """Return all of `decisions` once each account has an answer, a stop and an exit."""

    def is_enough(rows: list[Row]) -> bool:
        kinds = {(row["account_id"], row["kind"]) for row in rows}
        return len(kinds) >= 3 * len(ACCOUNTS)

    return world.read(DECISIONS, is_enough)


def write(world: World, *rows: Row) -> None:
    for row in rows:
        name = row["account_id"]
        partition = world.partition_of(name)
        world.send_bytes(DECISIONS, orjson.dumps(row), key=name.encode(), partition=partition)
    world.flush()


def test_nothing_is_found_when_a_worker_is_killed_while_it_is_followed(world: World) -> None:
    riskgate = world.run()
    follower = start(world, "--follow")
    open_accounts(world)
    riskgate.kill()
    riskgate = world.run(instance="two")
    trade(world)
    riskgate.end()

    follower.send_signal(signal.SIGTERM)
    printed, _ = follower.communicate(timeout=2 * WAIT_SECONDS_MAX)

    assert follower.returncode == 0, printed
    assert "6 signals decided, 0 waiting" in printed


def rewrite(world: World, rows: list[Row]) -> None:
    """Make the topic `decisions` again with these rows alone."""
    world.delete(DECISIONS)
    until(lambda: world.settings.topic(DECISIONS) in create_missing(world.settings), world.logs)
    write(world, *rows)


def test_decisions_are_named_when_one_was_doubled_otherwise_or_removed(world: World) -> None:
    riskgate = world.run()
    open_accounts(world)
    trade(world)
    riskgate.end()
    rows = decisions(world)
    answer = next(row for row in rows if row["kind"] == "decision")

    write(world, answer)
    healthy = verify(world)
    write(world, answer | {"approved_quantity": "4"})
    forged = verify(world, "--json", "--no-replay")
    rewrite(world, [row for row in rows if row is not answer])
    removed = verify(world, "--no-replay")

    assert (healthy[0], "1 equal doubles" in healthy[1]) == (0, True), healthy[1]
    assert orjson.loads(forged[1].splitlines()[0])["invariant"] == "double"
    assert removed[1].startswith(f"decision: {answer['account_id']}, events "), removed[1]
    assert (forged[0], removed[0]) == (1, 1)


def pass_over(world: World, topic: str) -> None:
    """Set ingest's offsets of a topic to its end, as if everything in it had been handled."""
    group = world.settings.role_group("ingest")
    name = world.settings.topic(topic)
    with closing(outsider(Broker(world.settings), group)) as asking:
        ends = [TopicPartition(name, n, end) for n, end in enumerate(world.ends(topic)) if end]
        asking.commit(offsets=ends, asynchronous=False)


def test_inputs_are_named_when_ingest_went_on_without_them(world: World) -> None:
    riskgate = world.run()
    open_accounts(world)
    trade(world)
    world.send_bytes("signals", b"no signal", key=b"acct-1")
    world.read("dead_letters", lambda rows: len(rows) >= 1)
    riskgate.end()
    healthy = verify(world)

    world.send(given.signal("buy", 1, account_id="acct-2", signal_id="lost"))
    world.flush()
    waiting = verify(world)
    pass_over(world, "signals")
    code, printed = verify(world, "--no-replay")

    assert (healthy[0], waiting[0]) == (0, 0), healthy[1] + waiting[1]
    assert (code, printed.count("input: ")) == (1, 1), printed
    assert printed.startswith("input: acct-2, signals "), printed
