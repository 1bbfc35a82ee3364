"""A file of recorded inputs decided again: repeatable, exact in order and time."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as drawn_from
from hypothesis import settings

from pipeline.errors import StartupError
from pipeline.replay.files import replay_file
from tests import given
from tests.replay.histories import by_account, keyed, line_of, lines_of, messages, replayed

T0_MS = given.T0_MS


def rows(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def begun() -> list[bytes]:
    """An account that holds 5 at 100, with 1000 at first."""
    opening = [given.limits(given.only()), given.instrument(), given.price(100)]
    held = [given.account(balance=1000), given.fill("buy", 5, 100)]
    return [line_of(message, T0_MS) for message in (*opening, *held)]


@drawn_from(messages)
@settings(max_examples=40, deadline=None)
def test_bytes_are_the_same_when_a_file_is_replayed_twice(drawn: Any) -> None:
    lines = lines_of(drawn)

    assert replayed(lines) == replayed(lines)


@drawn_from(messages)
@settings(max_examples=60, deadline=None)
def test_account_gets_the_same_when_accounts_are_interleaved_otherwise(drawn: Any) -> None:
    lines = lines_of(drawn)

    assert keyed(replayed(by_account(lines))) == keyed(replayed(lines))


def test_each_account_state_comes_last_when_the_file_ends() -> None:
    accounts = [given.account("b"), given.account("a")]

    out = rows(replayed([line_of(account, T0_MS) for account in accounts]))

    assert [(row["topic"], row["key"]) for row in out] == [
        ("account_states", "b"),
        ("account_states", "a"),
        ("account_states", "a"),
        ("account_states", "b"),
    ]


def test_output_has_the_form_of_the_input_when_it_is_written() -> None:
    out = replayed([line_of(given.account(), T0_MS)]).splitlines()

    prefix = b'{"topic":"account_states","key":"acct-1","timestamp_ms":%d,"value":{"account_id":'
    assert out[0].startswith(prefix % T0_MS)
    assert list(json.loads(out[0])) == ["topic", "key", "timestamp_ms", "value"]


def test_revaluation_comes_before_a_line_when_it_is_due_at_that_lines_time() -> None:
    moved = [line_of(given.price(110), T0_MS + 3000), line_of(given.price(120), T0_MS + 3000)]

    out = rows(replayed([*begun(), *moved]))

    # The first price is a revaluation at its own time; the second waits past the end.
    (taken,) = out[-1]["value"]["quotes"]
    assert (taken["mark_price"], taken["as_of_ms"], taken["offset"]) == ("110", T0_MS + 3000, 1)
    assert out[-1]["value"]["sequence"] == 3


def test_revaluation_has_its_due_time_when_the_next_line_comes_much_later() -> None:
    lines = [*begun(), line_of(given.price(110), T0_MS + 3000)]
    later = line_of(given.account("other"), T0_MS + 9000)

    out = rows(replayed([*lines, later]))

    revalued = [row for row in out if row["key"] == "acct-1"][-2]
    assert (revalued["timestamp_ms"], revalued["value"]["equity"]) == (T0_MS + 3000, "1050")


def test_limits_file_is_version_1_of_everyone_when_it_is_given(tmp_path: Path) -> None:
    limits = tmp_path / "limits.yaml"
    limits.write_text("order_notional:\n  order_notional_max: 7.50\n")
    lines = [line_of(given.account(), T0_MS), line_of(given.limits({}, version=1), T0_MS)]

    out = rows(replayed(lines, limits=limits))

    assert out[0]["value"]["limits_version"] == "1.0"
    assert [row["value"]["rule"] for row in out if row["topic"] == "alerts"] == ["limits"]


def test_limits_file_is_refused_when_it_misspells_a_rule(tmp_path: Path) -> None:
    limits = tmp_path / "limits.yaml"
    limits.write_text("drawdwn:\n  enabled: true\n")

    with pytest.raises(StartupError, match="did you mean drawdown"):
        replayed([], limits=limits)


def test_dead_letter_names_its_line_of_the_topic_when_a_value_does_not_decode() -> None:
    good = line_of(given.account(), T0_MS)
    bad = good.replace(b'"opening"', b'"closing"')

    (letter,) = [row for row in rows(replayed([good, bad])) if row["topic"] == "dead_letters"]

    assert letter["value"]["source"] == {
        "topic": "accounts",
        "topic_id": "accounts",
        "partition": 0,
        "offset": 1,
        "key": "acct-1",
    }
    assert letter["value"]["path"] == "$.kind"


def test_redelivery_is_a_repeated_signal_when_it_is_a_line_of_its_own() -> None:
    signal = line_of(given.signal(), T0_MS)

    out = rows(replayed([*begun(), signal, signal]))

    decisions = [row["value"] for row in out if row["topic"] == "decisions"]
    assert [decision["verdict"] for decision in decisions] == ["approved", "ignored"]
    assert decisions[1]["reasons"] == ["duplicate_signal"]


def test_nothing_comes_out_when_nothing_comes_in() -> None:
    assert replayed([b"\n", b"  \n"]) == b""


def test_byte_order_mark_is_read_over_when_inputs_begin_with_it() -> None:
    plain, marked = io.BytesIO(), io.BytesIO()

    replay_file([line_of(given.instrument(), given.T0_MS)], plain)
    replay_file([b"\xef\xbb\xbf" + line_of(given.instrument(), given.T0_MS)], marked)

    assert marked.getvalue() == plain.getvalue()
