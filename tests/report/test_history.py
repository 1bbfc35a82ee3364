"""What a history amounts to, from recorded inputs: returns, falls and round trips."""

from decimal import Decimal

import empyrical
import numpy as np
import pytest
from arch.data import sp500
from msgspec import Struct

from pipeline.report.history import AccountHistory
from pipeline.report.measures import measure
from pipeline.report.sources import histories_of_file
from tests import given
from tests.replay.histories import line_of

T0_MS = given.T0_MS
DAY_MS = 86_400_000
CAPPED = {"order_notional": {"enabled": True, "order_notional_max": 100}}


def history(*later: tuple[Struct, int], balance: int = 1000) -> AccountHistory:
    """An account in a market at 100, without limits; then messages, each at its time."""
    begin = (given.limits(given.only()), given.instrument(), given.price(100))
    lines = [line_of(message, T0_MS) for message in (*begin, given.account(balance=balance))]
    lines += [line_of(message, T0_MS + after_ms) for message, after_ms in later]
    return histories_of_file(lines, limits=None, period_ms=DAY_MS).accounts[given.ACCOUNT]


def test_round_trips_end_at_zero_and_through_it_when_positions_are_filled() -> None:
    fills = [
        given.fill("buy", 2, 100, fill_id="f1", fee=1),
        given.fill("sell", 1, 110, fill_id="f2", fee=1),
        given.fill("sell", 2, 90, fill_id="f3", fee=1),  # Closes one at a loss, opens a short.
        given.fill("buy", 1, 80, fill_id="f4"),
    ]

    found = history(*((fill, n) for n, fill in enumerate(fills)))

    # 10 - 10 - 3 fees; then 90 - 80.
    assert found.results == [Decimal(-3), Decimal(10)]


def test_flows_make_no_return_when_money_comes_and_goes() -> None:
    later = [
        (given.fill("buy", 5, 100), 1),
        (given.flow("deposit", 4000, flow_id="d"), 2),
        (given.price(110), 3),
        (given.signal("hold"), 4),  # Takes the quote.
        (given.flow("withdrawal", 2000, flow_id="w"), 5),
    ]

    found = history(*later)

    assert (found.pnl, found.equity) == (Decimal(50), Decimal(3050))
    assert found.returns == [pytest.approx(0.01, abs=1e-15)]  # 50 of 5000.


def test_drawdown_is_the_deepest_when_equity_falls_twice() -> None:
    prices = [(given.price(price), n * 1000) for n, price in enumerate([120, 90, 130, 110], 1)]

    found = history((given.fill("buy", 10, 100), 1), *prices)

    # Equity 1200 then 900, 1300 then 1100.
    assert found.drawdown_max == 300
    assert found.drawdown_ratio_max == pytest.approx(0.25, abs=1e-15)


def test_returns_and_drawdown_are_the_libraries_when_a_real_market_is_held() -> None:
    closes = sp500.load()["Close"].to_numpy()[-250:].round(2)
    start = given.fill("buy", 1, closes[0].item().__str__())
    days = [(given.price(str(close)), n * DAY_MS) for n, close in enumerate(closes)]
    lines = [(days[0][0], 0), (start, 1), *((price, at + 2) for price, at in days[1:])]
    woken = [(given.signal("hold", signal_id=f"h{n}"), n * DAY_MS + 3) for n in range(250)]

    found = history(*sorted([*lines, *woken], key=lambda item: item[1]), balance=10_000)

    equity = 10_000 + closes - closes[0]
    expected = np.diff(equity) / equity[:-1]
    assert found.returns[1:] == pytest.approx(expected.tolist(), abs=1e-9)
    assert found.drawdown_ratio_max == pytest.approx(-empyrical.max_drawdown(expected), abs=1e-9)
    assert measure(found, 0.99, DAY_MS).sharpe == pytest.approx(
        empyrical.sharpe_ratio(np.array([0, *expected]), annualization=252), abs=1e-9
    )


def test_decisions_are_counted_by_what_decided_when_signals_come() -> None:
    limits = given.limits(CAPPED, account_id=given.ACCOUNT)
    signals = [given.signal("buy", n, signal_id=f"s{n}") for n in (1, 2, 3)]

    found = history((limits, 1), *((signal, 2) for signal in signals))

    counts = {rule: count for (_, rule), count in found.decisions.items()}
    assert counts == {"approved": 1, "order_notional": 2}
