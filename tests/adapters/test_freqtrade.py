"""freqtrade's own strategy, trades and orders, with the real gate in this process."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from freqtrade.persistence import Order as FreqtradeOrder
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from riskgate import DeliveryError
from riskgate.adapters.freqtrade import GatedMixin
from riskgate.answers import no_answer
from tests import given
from tests.adapters.in_process import InProcessLink
from tests.driver import Driver
from topics.fills import Fill

PAIR = "BTC/USDT"
RULES = ("position_ratio", "trading_state", "reduce_only")
NOW = datetime.fromtimestamp(given.T0_MS / 1000, UTC) + timedelta(seconds=1)


class Momentum(GatedMixin, IStrategy):  # type: ignore[misc]  # freqtrade has no types.
    timeframe = "5m"
    stoploss = -0.1

    def populate_indicators(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe


@pytest.fixture
def gate() -> InProcessLink:
    """A gate that lets a tenth of 100,000 into one position, at a price of 100: a hundred coins."""
    driver = Driver()
    driver.send(
        given.limits(given.only(*RULES, position_ratio_max="0.1")),
        given.instrument(
            PAIR, settlement_currency="USDT", lot_size=Decimal("0.001"),
            min_quantity=Decimal("0.001"), min_notional=None,
        ),
        given.account(currency="USDT"),
        given.price(100, symbol=PAIR),
    )  # fmt: skip
    return InProcessLink(driver)


@pytest.fixture
def strategy(gate: InProcessLink) -> Momentum:
    made = Momentum({"stake_currency": "USDT"})
    made.use_gate(gate, given.ACCOUNT)
    return made


# As freqtrade calls them: every argument by its name.
def stake(strategy: Momentum, proposed: float) -> float:
    return strategy.custom_stake_amount(
        pair=PAIR, current_time=NOW, current_rate=100.0, proposed_stake=proposed, min_stake=10.0,
        max_stake=1_000_000.0, leverage=1.0, entry_tag=None, side="long",
    )  # fmt: skip


def confirmed(strategy: Momentum, amount: float, at: datetime = NOW) -> Any:
    asked = strategy_safe_wrapper(strategy.confirm_trade_entry, default_retval=True)
    return asked(
        pair=PAIR, order_type="market", amount=amount, rate=100.0, time_in_force="GTC",
        current_time=at, entry_tag=None, side="long",
    )  # fmt: skip


def leaves(strategy: Momentum, held: Any) -> bool:
    return strategy.confirm_trade_exit(
        pair=PAIR, trade=held, order_type="market", amount=50.0, rate=100.0, time_in_force="GTC",
        exit_reason="roi", current_time=NOW,
    )  # fmt: skip


def trade(amount: float = 50.0) -> Any:
    return Trade(
        pair=PAIR, stake_amount=amount * 100, amount=amount, open_rate=100.0, open_date=NOW,
        fee_open=0.001, fee_close=0.001, exchange="binance", is_short=False,
    )  # fmt: skip


def order(side: str, amount: float, order_id: str) -> Any:
    return FreqtradeOrder(
        ft_order_side=side, ft_pair=PAIR, order_id=order_id, side=side, status="closed",
        amount=amount, filled=amount, average=100.0, price=100.0, ft_is_open=False,
        ft_amount=amount, ft_price=100.0,
    )  # fmt: skip


def test_stake_is_that_of_the_gate_when_it_allows_less(strategy: Momentum) -> None:
    assert stake(strategy, 5000.0) == 5000.0
    assert stake(strategy, 20_000.0) == 10_000.0


def test_entry_is_confirmed_when_it_is_what_was_allowed(strategy: Momentum) -> None:
    stake(strategy, 5000.0)

    assert confirmed(strategy, 49.999)
    assert not confirmed(strategy, 1.0)  # Asked once, entered once.


@pytest.mark.parametrize(("amount", "seconds"), [(50.001, 0), (50.0, 3600)])
def test_entry_is_refused_and_released_when_it_is_more_or_later(
    strategy: Momentum, gate: InProcessLink, amount: float, seconds: int
) -> None:
    stake(strategy, 5000.0)

    assert not confirmed(strategy, amount, NOW + timedelta(seconds=seconds))
    assert gate.driver.state().reservations == ()


def test_stake_is_zero_when_the_gate_rejects(strategy: Momentum, gate: InProcessLink) -> None:
    gate.driver.send(given.control("halt"))

    assert stake(strategy, 5000.0) == 0.0
    assert not confirmed(strategy, 50.0)


def test_position_is_booked_and_closed_when_orders_are_filled(
    strategy: Momentum, gate: InProcessLink
) -> None:
    stake(strategy, 5000.0)
    confirmed(strategy, 50.0)
    held = trade()
    strategy.order_filled(pair=PAIR, trade=held, order=order("buy", 50.0, "o1"), current_time=NOW)

    (position,) = gate.driver.state().positions
    assert (position.quantity, gate.driver.state().reservations) == (Decimal(50), ())
    assert leaves(strategy, held)
    strategy.order_filled(pair=PAIR, trade=held, order=order("sell", 50.0, "o2"), current_time=NOW)
    (position,) = gate.driver.state().positions
    assert position.quantity == 0
    fills = [each for each in gate.sent if isinstance(each, Fill)]
    assert [fill.signal_id for fill in fills] == [each.decision_id for each in gate.decisions]


def test_exit_is_refused_when_riskgate_knows_no_position(strategy: Momentum) -> None:
    assert not leaves(strategy, trade())


def test_entry_is_refused_when_it_cannot_be_checked(
    strategy: Momentum, gate: InProcessLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_report: object) -> None:
        raise DeliveryError("Kafka did not accept a message")

    stake(strategy, 5000.0)
    monkeypatch.setattr(gate, "send", lost)

    assert confirmed(strategy, 60.0) is False  # freqtrade itself takes an exception for a yes.


def test_exit_goes_on_when_the_gate_does_not_answer(
    strategy: Momentum, gate: InProcessLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "ask", lambda signal: no_answer(signal, "No decision came"))

    assert leaves(strategy, trade())
    assert stake(strategy, 5000.0) == 0.0


def test_strategy_is_refused_when_it_adjusts_positions(gate: InProcessLink) -> None:
    made = Momentum({"stake_currency": "USDT"})
    made.position_adjustment_enable = True

    with pytest.raises(ValueError, match="turn position_adjustment_enable off"):
        made.use_gate(gate, given.ACCOUNT)
