"""Stops in a report: when, by which rule or person, its numbers, and who resumed it."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.outputs.stops import StopView
from pipeline.outputs.words import timestamp
from pipeline.report.history import AccountHistory, Histories
from pipeline.report.page import Basis, page
from pipeline.report.sources import histories_of_file
from pipeline.report.stops import counted, stop_row
from pipeline.risk.account.account import Account
from pipeline.risk.account.records import Applied, Stop, TradingHalts
from tests import given
from tests.replay.histories import line_of

T0_MS = given.T0_MS
DAY_MS = 86_400_000
FALLING = given.only("drawdown", drawdown_ratio_max="0.05", on_breach="halt") | {
    "confirmation": {"confirm_marks": 1}
}
HALT = given.control("halt", control_id="c1")


def recorded(*later: tuple[Struct, int], rules: given.Rules = FALLING) -> Histories:
    """1000 in a market at 100, of which 500 are held; then messages, each at its time."""
    begin = (given.limits(rules), given.instrument(), given.price(100), given.account(balance=1000))
    messages = [*((message, 0) for message in begin), (given.fill("buy", 5, 100), 1), *later]
    lines = [line_of(message, T0_MS + after_ms) for message, after_ms in messages]
    return histories_of_file(lines, limits=None, period_ms=DAY_MS)


def stops_of(histories: Histories) -> list[StopView]:
    return list(histories.accounts[given.ACCOUNT].stops.values())


def test_stop_has_the_numbers_of_its_rule_when_a_loss_opened_it() -> None:
    (stop,) = stops_of(recorded((given.price(80), 1000), (given.signal("hold"), 1001)))

    # Of 1000, 5 x 20 are lost: a tenth, and 0.05 was allowed.
    assert (stop.rule, stop.measured, stop.limit) == ("drawdown", Decimal("0.1"), Decimal("0.05"))
    assert (stop.equity, stop.author, stop.lifted_at_ms) == (Decimal(900), None, None)
    assert stop_row(stop).cells[-1] == "open"


def test_resume_is_told_with_its_author_when_a_person_lifted_the_stop() -> None:
    halt = [(HALT, 1000)]
    (opened,) = stops_of(recorded(*halt))
    resume = replace(given.control("resume", control_id="c2", stop_id=opened.stop_id), author="ada")

    (stop,) = stops_of(recorded(*halt, (resume, 61_000)))

    cells, why = stop_row(stop)
    assert cells[0] == timestamp(T0_MS + 1000)
    assert cells[1] == f"control of {HALT.author}"
    assert cells[-1] == f"{timestamp(T0_MS + 61_000)} by ada"
    assert why == f"{opened.reason}. Resumed: {stop.lifted_reason}"


def test_open_stop_is_shown_when_the_log_begins_amid_it() -> None:
    stop = Stop("s1", "halt", "drawdown", T0_MS, measured=Decimal("0.1"), limit=Decimal("0.05"))
    account = Account("x", applied=Applied(sequence=7), halts=TradingHalts(stops=(stop,)))

    (found,) = AccountHistory(account, period_ms=DAY_MS).stops.values()

    cells, why = stop_row(found)
    assert cells == (timestamp(T0_MS), "drawdown", "0.1", "0.05", "-", "-", "open")
    assert why == "It was open before the first event of this log"


def test_open_stops_are_counted_apart_when_some_were_lifted() -> None:
    lifted = StopView(stop_id="a", account_id="x", lifted_at_ms=1)
    still = StopView(stop_id="b", account_id="x", ends_at_ms=T0_MS)

    assert [counted(found) for found in ([], [lifted], [lifted, still])] == ["0", "1", "2, 1 open"]
    assert stop_row(still).cells[-1] == f"open until {timestamp(T0_MS)}"


def test_page_shows_the_stop_between_curves_and_decisions_when_there_was_one() -> None:
    halt = replace(HALT, reason="<b>look</b>")
    found = recorded(
        (given.signal("buy", 1), 2),
        (halt, 1000),
        (given.price(101), 2000),
        (given.signal("buy", 1, signal_id="s2"), 2001),
    )

    text = page(found, Basis(source="", confidence=0.99))

    places = [text.index(f"<h3>{name}") for name in ("Drawdown", "Stops", "Decisions")]
    assert places == sorted(places)
    assert text.count('class="mark"') == 2  # In equity and drawdown.
    assert f"<td>control of {halt.author}</td>" in text
    assert "&lt;b&gt;look" in text
    assert "<b>look" not in text


def test_page_says_that_nothing_stopped_the_account_when_nothing_did() -> None:
    text = page(recorded(rules=given.only()), Basis(source="", confidence=0.99))

    assert "The account was never stopped." in text
    assert 'class="mark"' not in text
