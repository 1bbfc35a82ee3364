"""`riskgate explain` without a broker: what it asks for, and how a decision reads."""

from decimal import Decimal
from typing import cast

import pytest
import typer
from msgspec.structs import replace

from pipeline.cli.explanation import line_of, say_decision
from pipeline.cli.times import moment_ms
from pipeline.outputs.record import Output
from pipeline.outputs.search import Found, Wanted
from tests import given
from tests.cli.command import riskgate
from tests.readme_tables import ROOT
from topics.decisions import TOPIC, Check, Decision

EXAMPLE = cast(Decision, TOPIC.example)
NOON_MS = 1_767_787_200_000  # 2026-01-07 12:00 UTC.
MINUTE_MS = 60_000
ANY = Wanted(0, 2 * EXAMPLE.at_ms)


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("11:03", NOON_MS - 57 * MINUTE_MS),
        ("11:03:20", NOON_MS - 57 * MINUTE_MS + 20_000),
        ("12:00", NOON_MS),
        ("12:01", NOON_MS - (24 * 60 - 1) * MINUTE_MS),
        ("2026-01-07T11:03", NOON_MS - 57 * MINUTE_MS),
        ("2026-01-07T11:03:00Z", NOON_MS - 57 * MINUTE_MS),
        ("2026-01-07T11:03+01:00", NOON_MS - 117 * MINUTE_MS),
    ],
)
def test_moment_is_read_when_a_person_writes_it(text: str, expected_ms: int) -> None:
    assert moment_ms(text, NOON_MS) == expected_ms


@pytest.mark.parametrize("text", ["", "25:00", "noon", "2026-13-01T00:00", "14:3"])
def test_moment_is_refused_when_it_is_none(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a time"):
        moment_ms(text, NOON_MS)


def test_decision_reads_as_the_page_shows_it_when_it_is_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = (ROOT / "docs" / "why-refused.md").read_text()
    at_ms = 1_795_269_787_120  # 2026-11-21 14:03:07.120 UTC.

    say_decision(replace(EXAMPLE, at_ms=at_ms))

    assert capsys.readouterr().out.removesuffix("\n") in shown


def test_breaches_come_first_and_unknown_numbers_are_dashes_when_checks_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    checks = (
        Check("cash", "pass", Decimal(1), Decimal(2), Decimal(1)),
        Check("drawdown", "exempt", Decimal("0.1"), Decimal("0.05"), Decimal("-0.05")),
        Check("stale_mark", "breach"),
    )

    say_decision(replace(EXAMPLE, checks=checks))

    lines = capsys.readouterr().out.rstrip("\n").splitlines()[-4:]
    assert [line.split() for line in lines] == [
        ["rule", "verdict", "measured", "limit", "headroom"],
        ["stale_mark", "breach", "-", "-", "-"],
        ["cash", "pass", "1", "2", "1"],
        ["drawdown", "exempt", "0.1", "0.05", "-0.05"],
    ]


def test_ignored_signal_says_that_no_rule_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    ignored = replace(EXAMPLE, verdict="ignored", reasons=("duplicate_signal",), checks=())

    say_decision(ignored)

    assert capsys.readouterr().out.endswith("\n  No rule was checked.\n\n")


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (ANY, True),
        (ANY._replace(from_ms=EXAMPLE.at_ms, to_ms=EXAMPLE.at_ms), True),
        (ANY._replace(from_ms=EXAMPLE.at_ms + 1), False),
        (ANY._replace(to_ms=EXAMPLE.at_ms - 1), False),
        (ANY._replace(signal_id="momentum:1"), True),
        (ANY._replace(signal_id="momentum:11"), False),
        (ANY._replace(account_id="acct-2"), False),
        (ANY._replace(rule="position_ratio", refused=True), True),
        (ANY._replace(rule="cash"), False),
    ],
)
def test_decision_is_wanted_when_everything_said_of_it_holds(
    wanted: Wanted, *, holds: bool
) -> None:
    assert wanted.holds(EXAMPLE) is holds


def test_approval_is_not_wanted_when_refusals_are() -> None:
    approved = replace(EXAMPLE, verdict="approved", reasons=())

    assert not ANY._replace(refused=True).holds(approved)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a signal"),
        (("--at", "noon"), "'noon' is not a time"),
        (("s1", "--from", "soon"), "is neither a duration nor a time"),
        (("s1", "--from", "1h", "--at", "14:03"), "name either --at, or --from and --to"),
    ],
)
def test_explain_says_what_is_wrong_when_it_is_misused(
    arguments: tuple[str, ...], said: str
) -> None:
    done = riskgate("explain", *arguments)

    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("|", " ").split())


def test_all_digits_are_shown_only_when_they_are_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    decision = replace(EXAMPLE, equity=Decimal("97900.12345"), checks=())

    say_decision(decision)
    say_decision(decision, exact=True)

    shown = capsys.readouterr().out
    assert "equity 97,900.1," in shown
    assert "equity 97900.12345," in shown


def test_control_and_decision_read_as_one_line_each_when_listed() -> None:
    control = given.control("halt", account_id="a")
    lines = [
        line_of(Found(Output(topic, 0, 0, EXAMPLE.at_ms, name, 0, b""), message))
        for topic, name, message in (("controls", "a", control), ("decisions", "acct-1", EXAMPLE))
    ]

    assert lines == [
        "2026-01-01 00:00:00.000  a  CONTROL halt by risk-desk: a test",
        (
            "2026-01-01 00:00:00.000  acct-1  MODIFIED buy 0.5 BTC-USD at 50,000, 0.199 approved: "
            "The position would be 0.25 of equity, above the limit of 0.1.  (momentum:1)"
        ),
    ]
