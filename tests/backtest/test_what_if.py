"""What-if: history with parameters set, and what is assumed of its executions."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as drawn_from
from hypothesis import settings
from msgspec import Struct

from pipeline.backtest.overrides import Overrides
from pipeline.backtest.runs import Run, answers_of
from pipeline.backtest.summary import Summary
from pipeline.errors import StartupError
from tests import given
from tests.replay.histories import line_of, lines_of, messages
from topics.codec import decode_plain

T0_MS = given.T0_MS
ONE_UNIT = {"position_ratio": {"enabled": True, "position_ratio_max": "0.1"}}  # Of 1000, at 100.
NO_ORDERS = {"order_rate": {"enabled": True, "orders_max": 0}}
STOPPING = {
    "daily_loss": {"enabled": True, "daily_loss_ratio_max": "0.02"},
    "confirmation": {"confirm_marks": 1, "confirm_ms": 1},
}


def history(*later: Struct, rules: Any = None) -> list[bytes]:
    """An account of 1000 in a market at 100, without limits; then messages, a second apart."""
    begin = (
        given.limits(given.only() if rules is None else given.only() | rules),
        given.instrument(),
        given.price(100),
        given.account(balance=1000),
    )
    times = [T0_MS] * len(begin) + [T0_MS + 1000 * n for n in range(1, len(later) + 1)]
    return [line_of(each, at_ms) for each, at_ms in zip((*begin, *later), times, strict=True)]


def what_if(lines: list[bytes], rules: Any) -> Summary:
    """The summary of a history with parameters set."""
    run = Run(Overrides(rules), answers_of(lines)[0])
    for _ in run.play(lines):
        pass
    return run.summary()


def pnl_of(summary: Summary) -> Decimal:
    """The PnL of the one account."""
    (money,) = summary.money
    return money.pnl


def traded(fee: int = 5) -> tuple[Struct, Struct]:
    """An order for five, and its fill."""
    return given.signal("buy", 5), given.fill("buy", 5, 100, signal_id="signal-1", fee=fee)


@drawn_from(messages)
@settings(max_examples=40, deadline=None)
def test_summary_is_that_of_history_when_what_is_set_was_in_force(drawn: Any) -> None:
    lines = lines_of(drawn)
    rules = {"position_ratio": {"position_ratio_max": "2"}}

    assert what_if(lines, rules) == answers_of(lines)[1]


def test_fill_and_fee_are_cut_when_less_of_the_order_is_approved() -> None:
    lines = history(*traded(), given.price(110), given.price(110))

    found = what_if(lines, ONE_UNIT)

    assert pnl_of(answers_of(lines)[1]) == 45
    assert (found.modified, pnl_of(found)) == (1, Decimal(9))


def test_cut_order_counts_once_when_it_is_filled_in_parts() -> None:
    parts = [
        given.fill("buy", part, 100, signal_id="signal-1", fill_id=f"f{n}")
        for n, part in enumerate(("0.6", "0.6", "3.8"))
    ]
    lines = history(given.signal("buy", 5), *parts, given.price(110), given.price(110))

    assert pnl_of(what_if(lines, ONE_UNIT)) == 10


def test_fill_is_left_out_when_its_order_is_rejected() -> None:
    lines = history(*traded(), given.price(110), given.price(110))

    found = what_if(lines, NO_ORDERS)

    assert (found.rejected, pnl_of(found)) == (1, Decimal(0))


def test_fill_is_found_by_its_order_when_it_names_no_signal() -> None:
    signal, _ = traded()
    accepted = given.order("accepted", signal_id="signal-1", order_id="venue-1")
    fill = given.fill("buy", 5, 100, order_id="venue-1", signal_id=None)
    lines = history(signal, accepted, fill, given.price(110), given.price(110))

    assert pnl_of(answers_of(lines)[1]) == 50
    assert pnl_of(what_if(lines, NO_ORDERS)) == 0


def test_fill_stays_when_it_belongs_to_no_order_of_history() -> None:
    lines = history(given.fill("buy", 5, 100, signal_id=None), given.price(110), given.price(110))

    assert pnl_of(what_if(lines, NO_ORDERS)) == 50


def test_exit_fills_at_the_reference_price_when_only_the_what_if_sends_it() -> None:
    falling = [given.price(price) for price in (90, 50, 50)]
    lines = history(*traded(fee=0), *falling)

    found = what_if(lines, STOPPING)

    assert pnl_of(answers_of(lines)[1]) == -250
    assert (found.stopped, found.exits, pnl_of(found)) == (1, 1, Decimal(-50))


def test_position_is_held_on_when_only_history_had_the_stop() -> None:
    signal, fill = traded(fee=0)
    stopped = history(signal, fill, given.price(90), given.price(90), rules=STOPPING)
    (sent,) = answers_of(stopped)[0].exits_by_id.values()
    exit_fill = given.fill("sell", 5, 90, signal_id=sent.exit_id, fill_id="exit")
    rising = [line_of(given.price(120), T0_MS + 5000 + n * 1000) for n in range(2)]
    lines = [*stopped, line_of(exit_fill, T0_MS + 4500), *rising]

    found = what_if(lines, {"daily_loss": {"enabled": False}})

    assert pnl_of(answers_of(lines)[1]) == -50
    assert (found.stopped, pnl_of(found)) == (0, Decimal(100))


def test_resume_lifts_the_stop_of_the_same_rule_when_its_id_differs() -> None:
    lost = given.fill("sell", 5, 90, fill_id="f2", signal_id=None)
    prices = [given.price(price) for price in (97, 97)]
    rising = [given.price(price) for price in (100, 100)]
    before = history(*traded(fee=0), *prices, lost, *rising, rules=STOPPING)
    (stop_id,) = answers_of(before)[0].rules
    later = (given.control("resume", stop_id=stop_id), given.signal("buy", 1, signal_id="s2"))
    lines = [*before, *(line_of(each, T0_MS + 9000) for each in later)]
    run = Run(Overrides({"stop_loss": {"enabled": True}}), answers_of(lines)[0])

    stops = [
        decode_plain(line.value or b"")["stop_id"]
        for outputs in run.play(lines)
        for line in outputs
        if line.topic == "emergency_stops"
    ]

    # The exit at 97 is filled by an event more, and the sale opens a short that loses at 100.
    assert stop_id not in stops
    assert (run.summary().stopped, run.summary().approved, run.summary().rejected) == (1, 2, 0)


def test_snapshots_are_left_out_when_positions_are_others() -> None:
    drift = {"drift": {"enabled": True}}
    booked = given.position(5, average_price=100)
    lines = history(*traded(fee=0), booked, given.price(110), given.price(110), rules=drift)

    found = what_if(lines, ONE_UNIT)

    assert (found.stopped, pnl_of(found)) == (0, Decimal(10))


def test_account_gets_what_is_set_when_it_has_a_document_of_its_own() -> None:
    own = given.limits({"order_rate": {"orders_max": 9}}, account_id=given.ACCOUNT)
    lines = history(own, *traded())

    assert what_if(lines, NO_ORDERS).rejected == 1


def test_what_is_set_holds_when_history_has_no_document() -> None:
    opened = [line_of(each, T0_MS) for each in (given.instrument(), given.account(balance=1000))]

    found = what_if([*opened, line_of(given.signal("buy", 1), T0_MS)], NO_ORDERS)

    assert found.rejected == 1


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"drawdwn": {"x": 1}}, "--set drawdwn: there is no such rule, did you mean drawdown?"),
        ({"drawdown": {"drawdown_ratio_max": "much"}}, "--set drawdown.drawdown_ratio_max: "),
    ],
)
def test_sentence_names_the_parameter_when_nothing_can_be_set(rules: Any, sentence: str) -> None:
    with pytest.raises(StartupError) as raised:
        Overrides(rules)

    assert str(raised.value).startswith(sentence)


def test_document_is_named_when_risk_would_refuse_it_with_what_is_set() -> None:
    both = {"enabled": True, "var_ratio_max": "0.1", "var_confidence": "0.95"}
    lines = history(rules={"value_at_risk": both})

    with pytest.raises(StartupError, match=r"does not fit version 1 of the limits of \*"):
        what_if(lines, {"value_at_risk": {"var_ratio_max": None}})
