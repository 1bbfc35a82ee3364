from collections.abc import Mapping
from decimal import Decimal

import pytest

from pipeline.demo.market import INSTRUMENTS, Quote
from pipeline.demo.traders import RECKLESS, UNOPENED, Habits, Market, Trader, buy_oil, make_traders
from tests.demo.given_demo import NOW_MS
from topics.codec import decode, encode
from topics.signals import TOPIC, Signal

QUOTES = {
    symbol: Quote(symbol, Decimal("99.99"), Decimal("100.01"), Decimal(100))
    for symbol in INSTRUMENTS
}
GOOD = Habits(unsized=0, oversized=0, limited=0, late=0, repeated=0, stopped=0, holding=0)


def market(day: int, *, stopped: frozenset[str] = frozenset()) -> Market:
    rising = tuple(Decimal(80 + n) for n in range(21))
    return Market(day, dict.fromkeys(INSTRUMENTS, rising), QUOTES, stopped, NOW_MS)


def asked(trader: Trader, *, held: Mapping[str, Decimal] | None = None) -> list[Signal]:
    return [signal for day in range(200) for signal in trader.on_day(market(day), held or {})]


def trader(habits: Habits) -> Trader:
    return Trader("acct", buy_oil, symbols=("WTI",), habits=habits)


def test_a_trader_asks_for_its_share_of_the_purse() -> None:
    signals = asked(trader(GOOD))

    # 5 % of a million at 100.
    assert {(signal.side, signal.quantity) for signal in signals} == {("buy", Decimal(500))}


def test_a_trader_asks_for_what_is_missing_only() -> None:
    signals = asked(trader(GOOD), held={"WTI": Decimal(350)})

    assert {signal.quantity for signal in signals} == {Decimal(150)}


def test_a_trader_is_silent_when_it_has_what_it_wants() -> None:
    assert asked(trader(GOOD), held={"WTI": Decimal(450)}) == []


def test_a_stopped_trader_asks_less() -> None:
    stopped = trader(GOOD)

    signals = [
        signal
        for day in range(1, 91)
        for signal in stopped.on_day(market(day, stopped=frozenset({"acct"})), {})
    ]

    assert len(signals) == 3


def test_a_signal_said_twice_is_the_same_signal() -> None:
    first, second = asked(trader(Habits(repeated=1)))[:2]

    assert first == second


@pytest.mark.parametrize(
    ("habits", "field"),
    [(Habits(unsized=1), "quantity"), (Habits(limited=0), "limit_price")],
)
def test_a_field_is_absent_when_that_is_the_habit(habits: Habits, field: str) -> None:
    assert {getattr(signal, field) for signal in asked(trader(habits))} == {None}


def test_a_stop_lies_below_what_is_bought() -> None:
    signals = asked(trader(Habits(stopped=1)))

    # Eight average moves of 1 below 100.
    assert {signal.stop_price for signal in signals} == {Decimal("92.00")}


def test_every_run_asks_for_the_same() -> None:
    first, second = (
        [signal for member in make_traders(4) for signal in asked(member)] for _ in range(2)
    )

    assert first == second


def test_every_signal_decodes_and_no_id_comes_twice_but_on_purpose() -> None:
    for member in make_traders(4):
        signals = asked(member)

        assert [decode(TOPIC, encode(signal)) for signal in signals] == signals
        assert len({signal.signal_id for signal in signals}) == len(
            {encode(signal) for signal in signals}
        )


def test_the_cast_has_at_least_twenty_accounts_and_one_that_is_reckless() -> None:
    names = [member.account_id for member in make_traders(11)]

    assert len(set(names)) == len(names) == 24
    assert {RECKLESS, UNOPENED} < set(names)
