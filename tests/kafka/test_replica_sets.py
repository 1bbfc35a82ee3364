"""Two replica sets of all roles decide one log; what dies in one leaves no gap."""

import os
import signal
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise

from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.roles.children import riskgate_command
from tests import given
from tests.kafka.test_faults import ACCOUNTS, ask, asked
from tests.kafka.world import WAIT_SECONDS_MAX, Row, Worker, World

SETS = ("a", "b")
ROLES = ("broadcast", "risk", "ingest")
RULES = given.only("cash", "heartbeat")
SIGNALS = 600
Sets = dict[str, Worker]  # By set and role, as in "a risk".


def test_every_signal_is_decided_alike_by_two_sets_when_each_role_of_one_dies(
    world: World,
) -> None:
    sets = run_sets(world)
    open_accounts(world)
    faults = faults_of(world, sets)

    ask(world, SIGNALS, meanwhile=lambda number: faults[number]() if number in faults else None)

    decisions = world.read("decisions", lambda rows: len(signals(rows)) >= SIGNALS)
    events = world.read("events", lambda rows: len(asked(rows)) >= SIGNALS)
    assert signals(decisions) == asked(events)
    assert len(decisions) > SIGNALS  # Both wrote.
    assert_alike(decisions)
    assert_in_order(decisions)
    assert Counter(row["verdict"] for row in decisions)["approved"]
    assert findings_of(world) == (0, "")


def test_entries_are_approved_when_a_set_is_added_to_one_that_runs(world: World) -> None:
    first = world.settings
    world.run()
    open_accounts(world)
    ask(world, 50, meanwhile=lambda _: None)
    world.read("decisions", lambda rows: len(signals(rows)) >= 50)

    create_missing(first.model_copy(update={"replica": "b"}))
    added = {role: start(world, "b", role) for role in ROLES}
    added["risk"].ready()
    ask(world, 100, meanwhile=lambda _: None)

    decisions = world.read("decisions", lambda rows: len(signals(rows)) >= 100)
    copies = Counter(row["decision_id"] for row in decisions)
    assert {copies[f"s{number}"] for number in range(50)} == {1}  # Published before it came.
    assert_alike(decisions)
    assert added["risk"].metric("riskgate_forks_total") == 0
    assert [worker.ready().end() for worker in added.values()] == [0, 0, 0]


def run_sets(world: World) -> Sets:
    for name in SETS:
        create_missing(world.settings.model_copy(update={"replica": name}))
    sets = {f"{name} {role}": start(world, name, role) for name in SETS for role in ROLES}
    return {name: worker.ready() for name, worker in sets.items()}


def faults_of(world: World, sets: Sets) -> dict[int, Callable[[], object]]:
    """Return what happens at which signal."""
    return {
        100: sets["a risk"].kill,
        200: sets["a ingest"].kill,
        300: sets["a broadcast"].kill,
        350: lambda: freeze(sets["b risk"], signal.SIGSTOP),  # Now no risk is left.
        400: lambda: freeze(sets["b risk"], signal.SIGCONT),
        450: lambda: start(world, "a", "risk"),  # It reads what the other one published meanwhile.
    }


def start(world: World, replica: str, role: str) -> Worker:
    return world.run(role, instance=f"{replica}-{role}", replica=replica)


def freeze(worker: Worker, number: int) -> None:
    """Stop a process or let it go on."""
    worker.process.send_signal(number)


def open_accounts(world: World) -> None:
    world.send(given.limits(RULES), given.instrument(), given.price(100))
    world.await_price()
    world.send(*(given.account(name, balance=10**9) for name in ACCOUNTS))
    world.read("account_states", lambda rows: {row["account_id"] for row in rows} >= {*ACCOUNTS})


def signals(decisions: list[Row]) -> set[str]:
    return {row["signal_id"] for row in decisions if row["kind"] == "decision"}


def assert_alike(decisions: list[Row]) -> None:
    """Whatever has an account, a sequence and an id has one content."""
    seen: defaultdict[tuple[str, int, str], list[Row]] = defaultdict(list)
    for row in decisions:
        seen[row["account_id"], row["sequence"], row["decision_id"]].append(row)
    assert all(row == rows[0] for rows in seen.values() for row in rows)
    assert len({name[2] for name in seen}) == len(seen)  # One decision for each signal.


def assert_in_order(decisions: list[Row]) -> None:
    """What a reader keeps that takes the first of each has rising sequences."""
    kept: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for row in decisions:
        kept[row["account_id"]].setdefault(row["sequence"])
    assert all(one < other for numbers in kept.values() for one, other in pairwise(numbers))


def findings_of(world: World) -> tuple[int, str]:
    """Return the exit code of `riskgate verify` and what it found."""
    environment = {**os.environ, **world.environment("verify"), "RISKGATE_REPLICA": "b"}
    process = subprocess.run(
        riskgate_command("verify"),
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * WAIT_SECONDS_MAX,
        check=False,
    )
    return process.returncode, "" if process.returncode == 0 else process.stdout
