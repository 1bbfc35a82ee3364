"""Two releases decide one log: one publishes, the other compares, and a control swaps them."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from os import environ

import orjson

from pipeline.rules_version import rules_version
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.roles.children import python_command, riskgate_command
from tests import given
from tests.kafka.other_release import OTHER
from tests.kafka.test_faults import ACCOUNTS, PAUSE_SECONDS, asked
from tests.kafka.test_replica_sets import findings_of
from tests.kafka.world import PARTITIONS, WAIT_SECONDS_MAX, Record, Row, Worker, World, until
from topics.controls import Control

OWN = rules_version()
RULES = given.only("unknown_account")
ODD_EVERY = 40  # The other release rejects what is odd.


def test_one_release_publishes_at_a_time_when_a_control_swaps_them(world: World) -> None:
    _, silent = run_both(world, "pickier")
    ask(world, range(200))
    until(lambda: silent.metric('riskgate_shadow_events_total{result="acts"}') >= 4, world.logs)

    said = riskgate(world, "activate", OTHER, "--yes", "--wait", "30s", *signed())
    ask(world, range(200, 400))

    decisions = decided(world, 400)
    assert said.returncode == 0, said.stderr
    assert f"rules {OTHER} publish in 4 partitions, and no others" in said.stdout
    assert_swapped(world, decisions)
    assert silent.metric("riskgate_forks_total") == 0
    assert_stretches_named(world)
    assert findings_of(world) == (0, "")


def test_differences_are_listed_when_a_silent_release_decides_otherwise(world: World) -> None:
    _, silent = run_both(world, "pickier")
    ask(world, range(120))
    until(lambda: silent.metric('riskgate_shadow_events_total{result="acts"}') >= 2, world.logs)
    time.sleep(6)  # The counts are reported each five seconds.

    found = riskgate(world, "shadow", "--json", "--max", "1000")

    *rows, summary = [orjson.loads(line) for line in found.stdout.splitlines()]
    verdicts = {row["output_id"]: row for row in rows if row["field"] == "verdict"}
    assert found.returncode == 1
    assert {*verdicts} == {f"s{number}" for number in range(0, 120, ODD_EVERY)}
    assert {(row["active_value"], row["shadow_value"]) for row in verdicts.values()} == {
        ('"approved"', '"rejected"')
    }
    assert (summary["version"], summary["active_versions"]) == (OTHER, [OWN])
    assert summary["compared"] >= 120


def test_every_signal_is_decided_once_when_the_active_one_dies_at_the_control(
    world: World,
) -> None:
    active, silent = run_both(world, "alike")

    def swap(number: int) -> None:
        if number == 100:
            world.send(activation(OTHER))
            world.flush()
            active.kill()
        elif number == 200:
            world.run("risk", activate="control")

    ask(world, range(300), meanwhile=swap)

    decisions = decided(world, 300)
    assert_swapped(world, decisions)
    assert findings_of(world) == (0, "")
    assert silent.metric("riskgate_forks_total") == 0


def test_nothing_is_published_when_no_worker_has_the_active_release(world: World) -> None:
    active, silent = run_both(world, "alike")
    active.end()
    ask(world, range(8))
    world.read("events", lambda rows: len(asked(rows)) >= 8)
    said_so = f"the log activates rules {OWN}, and no worker has them"
    until(lambda: said_so in riskgate(world, "health", "--table").stdout, world.logs)

    said = riskgate(world, "activate", OTHER, "--yes", "--wait", "30s", *signed())

    assert said.returncode == 0, said.stderr
    assert {row["rules_version"] for row in decided(world, 8)} == {OTHER}
    assert silent.metric("riskgate_forks_total") == 0


def test_log_comes_to_name_the_release_that_activates_itself(world: World) -> None:
    world.run("ingest", instance="ingest")
    world.run("broadcast", instance="broadcast")
    world.run("risk").ready()
    world.send(given.limits(RULES), activation(OTHER), given.instrument(), given.price(100))

    def are_named(rows: list[Row]) -> bool:
        newest = [row["active_version"] for row in rows if row["account_id"] == "*"][-PARTITIONS:]
        return newest == [OWN] * PARTITIONS and OTHER in {row["active_version"] for row in rows}

    rows = world.read("account_states", are_named)
    ask(world, range(4))

    assert {row["rules_version"] for row in rows} == {OWN}
    assert {row["rules_version"] for row in decided(world, 4)} == {OWN}


def run_both(world: World, how: str) -> tuple[Worker, Worker]:
    """Run an active release and a silent one, with accounts that may trade."""
    create_missing(world.settings.model_copy(update={"replica": "b"}))
    world.run("ingest", instance="ingest")
    world.run("broadcast", instance="broadcast")
    active = world.run("risk", activate="control")
    command = python_command("-m", "tests.kafka.other_release", how)
    silent = world.start_process(command, instance="other", activate="control", replica="b")
    world.send(given.limits(RULES), given.instrument(), given.price(100), activation(OWN))
    world.await_price()
    world.send(*(given.account(name, balance=10**9) for name in ACCOUNTS))
    active.ready()
    silent.ready()
    world.read("account_states", lambda rows: {row["account_id"] for row in rows} >= {*ACCOUNTS})
    until(lambda: silent.metric("riskgate_publishes{") == 0, world.logs)
    return active, silent


def ask(
    world: World, numbers: range, *, meanwhile: Callable[[int], object] = lambda _: None
) -> None:
    """Send signals evenly, the accounts in turn, now and then of an odd quantity."""
    for number in numbers:
        meanwhile(number)
        quantity = 1 if number % ODD_EVERY == 0 else 2
        account = ACCOUNTS[number % len(ACCOUNTS)]
        name = f"s{number}"
        world.send(given.signal("buy", quantity, account_id=account, signal_id=name))
        time.sleep(PAUSE_SECONDS)


def activation(version: str) -> Control:
    return given.control(
        "activate",
        control_id=f"activate-{version.partition('+')[2]}",
        account_id="*",
        version=version,
    )


def decided(world: World, signals: int) -> list[Row]:
    """Return the decisions once all signals have one."""
    return world.read("decisions", lambda rows: len({row["signal_id"] for row in rows}) >= signals)


def assert_swapped(world: World, decisions: list[Row]) -> None:
    """Each signal has one decision, in order, of the release that the log names there."""
    names, after = signals_of(world, len(decisions))
    copies = Counter(row["signal_id"] for row in decisions)
    assert copies == Counter(names)
    assert {row["rules_version"] for row in decisions if row["signal_id"] in after} == {OTHER}
    for account in ACCOUNTS:
        numbers = [row["sequence"] for row in decisions if row["account_id"] == account]
        assert all(one < other for one, other in pairwise(numbers)), numbers


def assert_stretches_named(world: World) -> None:
    """A replay under the first release agrees with it, and names the other's stretch."""
    replay = riskgate(world, "replay", "--from-kafka")
    lines = replay.stdout.splitlines()
    told = [line.partition(":")[0] for line in lines if line.startswith("decided by")]
    activated = [line.split()[4] for line in lines if line.startswith("the log activates")]
    assert replay.returncode == 0, replay.stdout + replay.stderr
    assert told == ["decided by this rules_version", f"decided by another rules_version, {OTHER}"]
    assert activated == [OWN, OTHER]


def signals_of(world: World, many: int) -> tuple[set[str], set[str]]:
    """Return the signals in the log, and those behind the control that activates the other."""
    names: set[str] = set()
    after: set[str] = set()
    swapped: set[int] = set()

    def take(record: Record) -> bool:
        body = record.row["body"]
        if body.get("version") == OTHER:
            swapped.add(record.partition)
        elif record.row["type"] == "signals":
            names.add(body["signal_id"])
            if record.partition in swapped:
                after.add(body["signal_id"])
        return len(names) >= many

    world.follow("events", take)
    return names, after


def signed() -> tuple[str, ...]:
    return "--author", "risk-desk", "--reason", "a new release"


def riskgate(world: World, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the operator."""
    return subprocess.run(
        riskgate_command(*arguments),
        env={**environ, **world.environment("operator")},
        capture_output=True,
        text=True,
        timeout=2 * WAIT_SECONDS_MAX,
        check=False,
    )
