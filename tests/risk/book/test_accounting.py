"""Realized and unrealized are the cash flows of the fills, the value and the fees, whatever came.

Thousands of histories of fills, busts and orders of arrival, judged by fractions worked out apart
from the core. Linear ones agree to the last digit: what is booked is rounded at the 18th place, and
what that takes or adds stays in the cost of what is left. What an inverse contract realizes rarely
ends there, so each position that is closed whole leaves up to half of the 18th place.
"""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.account import Account
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from tests import given
from topics.codec import encode_event
from topics.events import AccountEvent, Event, FillEvent, Quote
from topics.fields import Side
from topics.instruments import Instrument

T0_MS = given.T0_MS
MARK = Decimal("101.5")
PLACES = Fraction(1, 10**17)


class Drawn(NamedTuple):
    """A fill; bust_place orders the arrival of its bust, None is never busted."""

    side: Side
    lots: int
    cents: int
    fee_cents: int
    place: int
    bust_place: int | None


_sides: st.SearchStrategy[Side] = st.sampled_from(["buy", "sell"])
_places = st.integers(0, 99)
_fills = st.lists(
    st.builds(
        Drawn, _sides, st.integers(1, 30), st.integers(5000, 15_000), st.integers(-50, 200),
        _places, st.none() | _places,
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def lived(fills: list[Drawn], instrument: Instrument) -> Account:
    """Let an account take fills and busts in their order of arrival."""
    accounts = PartitionAccounts(
        MemoryStore(), partition=0, rules_version="0123456789abcdef", kept_max=9
    )
    opening = AccountEvent(account_id=given.ACCOUNT, body=given.account(as_of_ms=T0_MS - 1))
    arrivals = [(fill.place, number, "new") for number, fill in enumerate(fills)]
    arrivals += [
        (fill.bust_place, number, "bust")
        for number, fill in enumerate(fills)
        if fill.bust_place is not None
    ]
    events: list[Event] = [opening]
    events += [event_of(fills[n], n, kind, instrument) for _, n, kind in sorted(arrivals)]
    for at_ms, event in enumerate(events, T0_MS):
        taken = accounts.apply(event, encode_event(event), at_ms)
        assert taken.failed is None
    assert taken.account is not None
    return taken.account


def event_of(fill: Drawn, number: int, kind: str, instrument: Instrument) -> FillEvent:
    """Return the event of a fill or its bust, with the quote that values it all."""
    body = given.fill(
        fill.side,
        Decimal(fill.lots) / 10,
        Decimal(fill.cents) / 100,
        fill_id=f"f{number}",
        fee=Decimal(fill.fee_cents) / 100,
        executed_at_ms=T0_MS,
        kind="bust" if kind == "bust" else "new",
    )
    quote = Quote(symbol=given.SYMBOL, mark=MARK, as_of_ms=T0_MS, offset=1)
    return FillEvent(account_id=given.ACCOUNT, instrument=instrument, quote=quote, body=body)


def total_of(account: Account) -> Fraction:
    """Return realized and unrealized PnL together, as account and symbol agree on."""
    holding = account.holdings[given.SYMBOL]
    assert account.capital.realized == holding.realized
    assert holding.figures.unrealized is not None
    return Fraction(holding.realized) + Fraction(holding.figures.unrealized)


def signed_quantity(fill: Drawn) -> Fraction:
    """Return the quantity of a fill, negative when sold."""
    return Fraction(fill.lots if fill.side == "buy" else -fill.lots, 10)


@over(fills=_fills, multiplier=st.sampled_from(["1", "0.1", "50"]))
@settings(max_examples=1000, deadline=None)
def test_linear_pnl_is_cash_flows_and_value_less_fees(fills: list[Drawn], multiplier: str) -> None:
    account = lived(fills, given.instrument(multiplier=multiplier))

    left = [fill for fill in fills if fill.bust_place is None]
    moved = sum(signed_quantity(f) * (Fraction(MARK) - Fraction(f.cents, 100)) for f in left)
    fees = sum(Fraction(f.fee_cents, 100) for f in left)
    held = sum(signed_quantity(f) for f in left)
    assert Fraction(account.holdings[given.SYMBOL].position.quantity) == held
    assert total_of(account) == moved * Fraction(multiplier) - fees


@over(fills=_fills)
@settings(max_examples=1000, deadline=None)
def test_inverse_pnl_is_what_the_prices_differ_in_base_less_fees(fills: list[Drawn]) -> None:
    inverse = given.instrument(kind="inverse", base_currency="USD", multiplier="100")

    account = lived(fills, inverse)

    left = [fill for fill in fills if fill.bust_place is None]
    moved = sum(
        signed_quantity(f) * 100 * (1 / Fraction(f.cents, 100) - 1 / Fraction(MARK)) for f in left
    )
    fees = sum(Fraction(f.fee_cents, 100) for f in left)
    assert abs(total_of(account) - (moved - fees)) < PLACES


@over(fills=_fills)
@settings(max_examples=1000, deadline=None)
def test_position_is_that_of_the_fills_left_when_others_are_busted(fills: list[Drawn]) -> None:
    instrument = given.instrument()
    arrived = sorted(fills, key=lambda fill: fill.place)
    left = [fill._replace(place=0) for fill in arrived if fill.bust_place is None]
    account = lived(fills, instrument)

    assert not left or without_history(account) == without_history(lived(left, instrument))


def without_history(account: Account) -> tuple[Decimal, Decimal, Decimal]:
    """Return quantity, cost and realized, rounded to 17 places."""
    holding = account.holdings[given.SYMBOL]
    position = holding.position
    return round(position.quantity, 17), round(position.cost, 17), round(holding.realized, 17)
