"""The commands that show the outputs, on what the roles wrote to a real broker."""

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from pipeline.local.kafka import LocalKafka
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Period
from tests import given
from tests.cli.command import riskgate
from tests.kafka.world import PARTITIONS, Row, World

STOPPED, TRADING = "a", "b"
SIGNED = ("--author", "anna", "--reason", "a test")


@pytest.fixture(scope="module")
def world(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two accounts, one of which a person halted; a signal each; a signal that is none."""
    with World(kafka.bootstrap, Path(tmp_path_factory.mktemp("readers"))) as world:
        world.run()
        world.send(given.instrument(), given.account(STOPPED), given.account(TRADING))
        world.send(given.limits(given.only("trading_state")), given.price(100))
        world.await_price()
        world.send(given.control("halt", account_id=STOPPED))
        world.read("emergency_stops", lambda rows: len(rows) == 1)
        world.send(given.signal("buy", 2, signal_id="s1", account_id=STOPPED))
        world.send(given.signal("buy", 2, signal_id="s2", account_id=TRADING))
        world.read("decisions", lambda rows: len(rows) == 3)
        world.send_bytes("signals", b"{", key=b"a")
        world.read("dead_letters", lambda rows: len(rows) == 1)
        world.read(
            "account_states", lambda rows: {STOPPED, TRADING} <= {r["account_id"] for r in rows}
        )
        yield world


def run(world: World, *arguments: str) -> tuple[int, str]:
    """Return exit code and output of a command that does not know the partition count."""
    settings = world.settings
    names = {"topic_prefix": settings.topic_prefix, "group_prefix": settings.group_prefix}
    done = riskgate(*arguments, brokers=settings.brokers, **names)
    return done.returncode, done.stdout or done.stderr


def rows(world: World, *arguments: str) -> list[Row]:
    code, text = run(world, *arguments)
    assert code == 0, text
    return [orjson.loads(line) for line in text.splitlines()]


ENDED = ["triggered", "resumed"]


def statuses(rows: list[Row], account: str) -> list[str]:
    """Return what happened to the stops of an account, in order."""
    return [row["status"] for row in rows if row["account_id"] == account]


def test_stopped_account_comes_first_when_accounts_are_shown(world: World) -> None:
    code, text = run(world, "accounts", "--table")

    head, first, *others = text.splitlines()
    assert code == 0
    assert head.split()[:3] == ["account", "state", "equity"]
    assert first.split()[:5] == [STOPPED, "halted,", "exits", "go", "on"]
    assert [line.split()[0] for line in others if line.startswith(TRADING)] == [TRADING]


def test_rows_are_those_of_the_topic_when_programs_read_accounts(world: World) -> None:
    found = rows(world, "accounts", "--stopped")

    assert [(row["account_id"], row["trading_state"]) for row in found] == [(STOPPED, "halted")]
    assert rows(world, "accounts", "--near", "0.2") == []


def test_account_is_shown_in_full_when_it_is_named(world: World) -> None:
    code, text = run(world, "accounts", STOPPED, "--table")

    assert code == 0
    assert text.startswith(f"{STOPPED}: halted, exits go on\n")
    assert "control of risk-desk" in text
    assert "trading_state.halt_exits" in text
    assert text.index("Open stops") < text.index("Limits in force") < text.index("Positions: none")


def test_unknown_account_ends_with_one_when_it_is_named(world: World) -> None:
    code, text = run(world, "accounts", "ghost")

    assert (code, text) == (
        1,
        "riskgate: account ghost has never had an event; correct the name\n",
    )


def test_open_stop_names_what_resume_needs_when_stops_are_shown(world: World) -> None:
    (stop,) = rows(world, "stops", "--open")

    (state,) = rows(world, "accounts", STOPPED)
    assert [stop["stop_id"]] == state["stops"]
    assert (stop["rule"], stop["author"], stop["is_open"]) == ("control", "risk-desk", True)
    assert rows(world, "stops", "--account", TRADING) == []


def test_decisions_are_found_by_verdict_and_account_when_filtered(world: World) -> None:
    (refused,) = rows(world, "decisions", "--verdict", "rejected")

    assert (refused["signal_id"], refused["reasons"]) == ("s1", ["trading_state"])
    assert [row["kind"] for row in rows(world, "decisions", "--account", STOPPED)] == [
        "decision", "stop",
    ]  # fmt: skip
    assert rows(world, "decisions", "--to", "1h") == []


def test_dead_letter_shows_the_message_when_it_is_asked_raw(world: World) -> None:
    (letter,) = rows(world, "dead-letters", "--topic", "signals")
    code, text = run(world, "dead-letters", "--raw")

    assert letter["source"]["key"] == "a"
    assert code == 0
    assert [line.strip() for line in text.splitlines()][2] == "{"


def test_every_finding_is_good_when_all_roles_run(world: World) -> None:
    found = rows(world, "health")

    names = [row["name"] for row in found]
    assert [row for row in found if not row["good"]] == []
    assert {"risk", "ingest", "broadcast", "heartbeat", "last commit", "versions"} <= {*names}


def test_health_says_what_is_wrong_when_no_worker_runs(kafka: LocalKafka, tmp_path: Path) -> None:
    with World(kafka.bootstrap, tmp_path) as idle:
        code, text = run(idle, "health")

    found = {row["name"]: row["text"] for row in map(orjson.loads, text.splitlines())}
    assert code == 1
    assert found["risk"] == "no worker is running"
    assert found["heartbeat"].startswith(f"{PARTITIONS} partitions had none for 30 s")


def test_repeated_rows_count_once_when_a_worker_sent_them_again(world: World) -> None:
    reader = OutputReader(world.settings)
    before = [output.value for output in reader.read("alerts")]
    row = orjson.dumps({"account_id": "x", "sequence": 7, "chain": "c", "at_ms": 1, "n": 1})
    producer = Producer({"bootstrap.servers": world.settings.brokers, "partitioner": "murmur2"})
    for _ in range(2):
        producer.produce(world.settings.topic("alerts"), row, b"x")
    assert producer.flush(10) == 0

    after = [output.value for output in reader.read("alerts")]
    assert sorted(after) == sorted([*before, row])


def test_only_records_of_the_period_are_read_when_it_is_given(world: World) -> None:
    reader, now_ms = OutputReader(world.settings), int(time.time() * 1000)

    recent = list(reader.read("decisions", period=Period(now_ms - 600_000, now_ms)))

    assert len(recent) == 3
    assert list(reader.read("decisions", period=Period(now_ms + 600_000))) == []
    assert list(reader.read("decisions", period=Period(None, now_ms - 600_000))) == []


def test_new_record_is_handed_on_when_someone_follows_from_a_mark(world: World) -> None:
    reader = OutputReader(world.settings)
    mark = reader.mark("decisions", account=TRADING)
    world.send(given.signal("buy", 2, signal_id="s3", account_id=TRADING))
    world.flush()

    following = reader.follow_from(mark, account=TRADING)
    output = next(each for each in following if each is not None)

    assert orjson.loads(output.value)["signal_id"] == "s3"
    following.close()


def test_halt_and_resume_say_what_the_gate_did_when_they_wait(world: World) -> None:
    world.send(given.account("c"))
    world.read("account_states", lambda rows: "c" in {row["account_id"] for row in rows})

    halted = run(world, "halt", "c", *SIGNED)
    unknown = run(world, "resume", "c", "--stop-id", "c:1:9", *SIGNED)
    shown = run(world, "resume", "c")
    lifted = run(world, "resume", "c", "--all", *SIGNED)

    assert (halted[0], shown[0], lifted[0]) == (0, 0, 0)
    assert halted[1].startswith("c is halted: stop c:2:1, 0 positions, 0 orders to cancel (")
    assert unknown == (1, "riskgate: refused: no open stop has the id 'c:1:9'\n")
    assert shown[1].startswith("c has 1 open stop:\n  c:2:1  control by anna, open for ")
    assert lifted[1].startswith("stop c:2:1 of c is lifted; it trades again (")


def test_halt_lifts_itself_when_it_is_timed(world: World) -> None:
    world.send(given.account("d"))
    world.read("account_states", lambda rows: "d" in {row["account_id"] for row in rows})

    halted = run(world, "halt", "d", *SIGNED, "--for", "3s")
    found = world.read("emergency_stops", lambda rows: statuses(rows, "d") == ENDED)

    assert (halted[0], ", until " in halted[1]) == (0, True)
    opened, lifted = (row for row in found if row["account_id"] == "d")
    assert (lifted["reason"], lifted["author"]) == ("its time is over", None)
    assert opened["ends_at_ms"] == opened["at_ms"] + 3000
    assert 0 <= lifted["at_ms"] - opened["ends_at_ms"] < 5000


def test_limits_say_that_they_are_in_force_when_apply_waits(world: World, tmp_path: Path) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text("cash: {enabled: false}\n")

    code, text = run(world, "limits", "apply", str(file), "--account", TRADING, *SIGNED)

    assert (code, text.partition(" (")[0]) == (0, f"version 1 for {TRADING} is in force")


def test_command_for_everyone_needs_a_yes_when_nobody_can_be_asked(world: World) -> None:

    everyone = run(world, "reduce", "*", *SIGNED)
    flatten = run(world, "flatten", TRADING, *SIGNED)

    assert (everyone[0], flatten[0]) == (2, 2)
    assert "add --yes" in " ".join(everyone[1].split())
    assert {row["account_id"] for row in rows(world, "stops")} <= {STOPPED, "c", "d"}


def test_control_is_not_confirmed_when_no_worker_runs(kafka: LocalKafka, tmp_path: Path) -> None:
    with World(kafka.bootstrap, tmp_path) as idle:
        code, text = run(idle, "halt", "a", *SIGNED, "--force", "--wait", "1s")

    assert code == 1
    assert text.startswith("riskgate: not confirmed within 1 s; halt-")


def test_changes_of_limits_and_controls_are_listed_when_people_made_them(world: World) -> None:
    (first, *_) = rows(world, "limits", "history", "--from", "1h")[::-1]
    entries = rows(world, "audit")

    assert (first["account_id"], first["version"], first["author"]) == ("*", 1, "risk-desk")
    assert first["place"].startswith("limits/")
    assert [row["kind"] for row in entries][:3] == ["limits", "control", "stop"]


def test_stop_stands_between_the_decisions_when_an_account_is_explained(world: World) -> None:
    code, text = run(world, "explain", "--account", STOPPED)

    assert code == 0
    newest, *older = [line.split("  ")[2].split()[0] for line in text.splitlines()]
    assert newest == "REJECTED"
    assert {"STOPPED", "CONTROL", "LIMITS"} <= {*older}


def test_stop_names_who_looks_at_it_when_somebody_acknowledged_it(world: World) -> None:
    (before,) = rows(world, "stops", "--open", "--account", STOPPED)

    code, text = run(world, "acknowledge", STOPPED, *SIGNED)

    stop_id = before["stop_id"]
    assert (code, text[: text.index(" (")]) == (
        0,
        f"stop {stop_id} is acknowledged by anna; it stays open",
    )
    (after,) = rows(world, "stops", "--open", "--account", STOPPED)
    assert (after["acknowledged_by"], after["acknowledged_reason"]) == ("anna", "a test")
    listed = rows(world, "audit", "--account", STOPPED)
    assert [row["author"] for row in listed if "CONTROL acknowledge" in row["text"]] == ["anna"]
    assert run(world, "acknowledge", TRADING, *SIGNED) == (0, f"{TRADING} has no open stop.\n")
    assert run(world, "acknowledge", "*", *SIGNED)[0] == 2
