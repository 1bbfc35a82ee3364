"""Sums of other currencies, and counts of what lacks a price, are what the holdings add up to."""

from decimal import Decimal, localcontext
from typing import Any

from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from pipeline.risk.account.account import Account
from pipeline.risk.account.foreign import Foreign
from pipeline.risk.account.totals import Totals, moved, recomputed
from pipeline.risk.numbers import MONEY
from pipeline.risk.state import load_account, save_account
from pipeline.risk.structs import replace
from pipeline.risk.valuation.figures import recompute
from tests import given
from tests.risk.log import T0_MS, Log
from topics.events import FillEvent, Quote, Rate, SignalEvent
from topics.fields import Side
from topics.instruments import Instrument

# At home, abroad, abroad with dust below 3 units, abroad and delisted at times.
CURRENCIES = {"A": "USD", "B": "EUR", "C": "EUR", "D": "GBP"}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(CURRENCIES)),
        st.integers(-4, 4),  # Filled, 0 for nothing.
        st.sampled_from([None, 80, 100, 100, 130]),  # The price that is seen, if any.
        st.sampled_from([None, 1, 2, 2]),  # The same of the rate.
        st.booleans(),  # Whether D is delisted then.
    ),
    max_size=25,
)
Step = tuple[str, int, int | None, int | None, bool]


def instrument_of(symbol: str, *, delisted: bool) -> Instrument:
    status = "delisted" if delisted and symbol == "D" else "trading"
    least = "3" if symbol == "C" else "0"
    currency = CURRENCIES[symbol]
    return given.instrument(
        symbol, settlement_currency=currency, min_quantity=least, status=status, multiplier="2"
    )


def lived(steps: list[Step]) -> Account:
    """Let an account live through steps of symbol, quantity, price, rate and status."""
    log = Log()
    log.open()
    for number, (symbol, quantity, price, rate, delisted) in enumerate(steps):
        at_ms = T0_MS + 400 * number
        side: Side = "buy" if quantity > 0 else "sell"
        money = Decimal(price or 1)
        quote = Quote(symbol=symbol, last=money, as_of_ms=at_ms, offset=number)
        known = Rate(base=CURRENCIES[symbol], quote="USD", rate=Decimal(rate or 1), as_of_ms=at_ms)
        market: dict[str, Any] = {
            "instrument": instrument_of(symbol, delisted=delisted),
            "quote": None if price is None else quote,
            "rates": () if rate is None or known.base == "USD" else (known,),
        }
        fill = given.fill(side, abs(quantity) or 1, 100, fill_id=f"f{number}", symbol=symbol)
        hold = given.signal("hold", signal_id=f"s{number}", symbol=symbol)
        bodies = (replace(fill, executed_at_ms=at_ms), replace(hold, created_at_ms=at_ms))
        market |= {"account_id": given.ACCOUNT, "source": log.source()}
        event = FillEvent(body=bodies[0], **market) if quantity else None
        log.append(event or SignalEvent(body=bodies[1], **market), at_ms)
    assert log.account is not None
    return log.account


@over(steps=STEPS)
@settings(max_examples=200, deadline=None)
def test_totals_are_those_of_the_holdings_put_one_by_one(steps: list[Step]) -> None:
    account = lived(steps)

    with localcontext(MONEY):
        anew = Totals()
        for holding in account.holdings.values():
            anew = moved(anew, None, holding)

    kept = recomputed(account.totals, account.holdings)
    assert replace(kept, trim_ms=None) == recomputed(anew, account.holdings)


@over(steps=STEPS)
@settings(max_examples=200, deadline=None)
def test_sums_of_a_currency_are_those_of_its_positions(steps: list[Step]) -> None:
    account = lived(steps)

    held = [item for item in account.holdings.values() if item.position.quantity]
    euros = [item for item in held if CURRENCIES[item.symbol] == "EUR"]

    found = account.totals.foreign.get("EUR", Foreign())
    assert found.held == len(euros)
    assert found.favourable == sum(item.figures.foreign_favourable for item in euros)
    assert found.fresh == sum(
        item.symbol != "C" or abs(item.position.quantity) >= 3 for item in euros
    )


@over(steps=STEPS)
@settings(max_examples=200, deadline=None)
def test_figures_and_state_are_the_same_when_they_are_made_anew(steps: list[Step]) -> None:
    account = lived(steps)

    with localcontext(MONEY):
        anew = {name: recompute(item) for name, item in account.holdings.items()}

    assert anew == account.holdings
    assert load_account(save_account(account)) == account
