"""Who changed which limit when, and what a person or a release did, are read from the topics."""

from collections.abc import Iterator
from typing import cast

from msgspec.structs import replace

from pipeline.outputs.audit import Entry, audit
from pipeline.outputs.change_text import change_head, change_lines
from pipeline.outputs.limits_changes import LimitsChange, limits_changes
from pipeline.outputs.reader import ALL, OutputReader
from pipeline.outputs.record import Output, Period
from tests import given
from tests.outputs.recorded import outputs
from topics.codec import encode
from topics.controls import Control
from topics.limits import LimitsDocument

VERSION = b'"rules_version":"new-release"'


class Topics:
    """The topics of a replay, read as those of Kafka are."""

    def __init__(self, *records: Output) -> None:
        self._records = records

    def read(
        self, *topics: str, period: Period = ALL, account: str | None = None
    ) -> Iterator[Output]:
        yield from (each for each in self._records if each.topic in topics)


def reader(*records: Output) -> OutputReader:
    return cast(OutputReader, Topics(*records))


def sent(message: LimitsDocument | Control, offset: int = 0) -> Output:
    """Return what a person wrote, a second after the one before it."""
    topic = "limits" if isinstance(message, LimitsDocument) else "controls"
    at_ms = given.T0_MS + offset * 1000
    return Output(topic, 0, offset, at_ms, message.account_id, 0, encode(message))


def daily(ratio: str, version: int, account_id: str = "*") -> LimitsDocument:
    rules = {"daily_loss": {"daily_loss_ratio_max": ratio}}
    return given.limits(rules, account_id=account_id, version=version)


def described(change: LimitsChange) -> tuple[str, list[str]]:
    return change_head(change), list(change_lines(change))


def test_change_is_of_what_lies_on_top_when_limits_are_temporary() -> None:
    passing = replace(daily("0.01", 2), duration_ms=7_200_000)
    topic = reader(sent(daily("0.06", 1)), sent(passing, 1), sent(daily("0.05", 3), 2))

    _, second, third = map(described, limits_changes(topic))

    assert second == (
        "* v2 by risk-desk: a test; temporary, for 2 h",
        ["daily_loss.daily_loss_ratio_max: 0.06 (* v1) -> 0.01"],
    )
    assert third[1] == ["nothing changed"]  # The temporary one stays on top.


def test_proposal_changes_nothing_until_another_author_approves_it() -> None:
    proposal = replace(daily("0.01", 1), author="ann", approval="propose")
    approval = replace(proposal, author="bob", approval="approve")
    topic = reader(sent(proposal), sent(approval, 1))

    first, second = map(described, limits_changes(topic))

    assert first == (
        "* v1 by ann: a test; PROPOSED, waits for another author",
        ["nothing changed"],
    )
    assert second[1] == ["daily_loss.daily_loss_ratio_max: 0.02 (default) -> 0.01"]


def test_difference_is_to_what_was_in_force_when_documents_follow_each_other() -> None:
    topic = reader(
        sent(daily("0.06", 1)), sent(daily("0.04", 1, "a"), 1), sent(daily("0.03", 2, "a"), 2)
    )

    first, second, third = (list(change_lines(change)) for change in limits_changes(topic))

    assert first == ["daily_loss.daily_loss_ratio_max: 0.02 (default) -> 0.06"]
    assert second == ["daily_loss.daily_loss_ratio_max: 0.06 (* v1) -> 0.04"]
    assert third == ["daily_loss.daily_loss_ratio_max: 0.04 (a v1) -> 0.03"]


def test_refused_document_changes_nothing_when_its_version_is_old() -> None:
    topic = reader(sent(daily("0.06", 2)), sent(daily("0.01", 1), 1))

    refused = list(limits_changes(topic))[1]

    head = "* v1 by risk-desk: a test; REFUSED: version 1 is refused: 2 is in force"
    assert described(refused) == (head, [])


def test_document_is_a_budget_when_it_changes_allowances_alone() -> None:
    rules = {"gross_exposure": {"enabled": True, "gross_exposure_max": "500"}}
    topic = reader(sent(given.limits(rules, account_id="a")), sent(daily("0.06", 2, "a"), 1))

    assert [change.is_allowance() for change in limits_changes(topic)] == [True, False]


def test_everything_done_is_listed_in_order_when_it_is_audited() -> None:
    halt = given.control("halt", issued_at_ms=given.T0_MS + 2000)
    made = outputs(given.limits({}), given.account(), halt)
    people = (sent(given.limits({})), sent(halt, 2))

    entries = audit(reader(*people, *made), ALL, None)

    assert [(each.kind, each.author) for each in entries] == [
        ("limits", "risk-desk"), ("control", "risk-desk"), ("stop", "risk-desk"),
    ]  # fmt: skip
    assert entries[1].text == "CONTROL halt by risk-desk: a test"
    assert (entries[2].topic, entries[2].offset, len(entries[2].chain)) == (
        "emergency_stops",
        0,
        16,
    )


def test_release_is_listed_when_the_rules_change_between_two_decisions() -> None:
    first, second = (
        Output("decisions", 3, offset, given.T0_MS, "a", offset + 1, value)
        for offset, value in enumerate((b'{"rules_version":"old"}', b"{" + VERSION + b"}"))
    )

    (entry,) = audit(reader(first, second), ALL, "a")

    assert (entry.kind, entry.offset) == ("version", 1)
    assert entry.text == "RULES new-release decide partition 3 instead of old"


def test_other_accounts_are_left_out_when_one_is_audited() -> None:
    topic = reader(
        sent(daily("0.06", 1, "a")), sent(daily("0.05", 1, "b"), 1), sent(daily("0.04", 1), 2)
    )

    names = [each.account_id for each in audit(topic, ALL, "a")]

    assert names == ["a", "*"]


def test_nothing_is_listed_when_it_was_before_the_period() -> None:
    topic = reader(sent(daily("0.06", 1)))
    found: list[Entry] = audit(topic, Period(given.T0_MS + 1), None)

    assert found == []
