"""A backtest of NautilusTrader's own, without the gate and with the real one in this process."""

from decimal import Decimal
from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from riskgate.adapters.nautilus import GatedStrategy
from tests import given
from tests.adapters.in_process import InProcessLink
from tests.driver import Driver
from topics.fills import Fill
from topics.orders import Order

BTCUSDT = TestInstrumentProvider.btcusdt_binance()
SYMBOL = "BTCUSDT.BINANCE"
ROOM = "0.3"  # The gate lets three tenths of the equity into one position.


def buy_a_tenth(strategy: Strategy) -> None:
    """Buy for a tenth of a million at 50,000: two coins."""
    order = strategy.order_factory.market(BTCUSDT.id, OrderSide.BUY, Quantity.from_str("2.000000"))
    strategy.submit_order(order)


class Plain(Strategy):  # type: ignore[misc]  # NautilusTrader has no types.
    """Buy at every quote."""

    def __init__(self) -> None:
        super().__init__(StrategyConfig(strategy_id="Plain-1"))

    def on_start(self) -> None:
        self.subscribe_quote_ticks(BTCUSDT.id)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        buy_a_tenth(self)


class Gated(GatedStrategy):
    """The same, through the gate."""

    def __init__(self, link: InProcessLink) -> None:
        super().__init__(StrategyConfig(strategy_id="Gated-1"))
        self.use_gate(link, given.ACCOUNT, "USDT")
        self.gate, self.denied = link, list[str]()

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_quote_ticks(BTCUSDT.id)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        self.gate.driver.send(given.price(50_000, symbol=SYMBOL), at_ms=tick.ts_event // 1_000_000)
        buy_a_tenth(self)

    def on_order_denied(self, event: Any) -> None:
        self.denied.append(event.reason)


def link() -> InProcessLink:
    driver = Driver()
    rules = given.only("position_ratio", position_ratio_max=ROOM)
    driver.send(
        given.limits(rules),
        given.instrument(
            SYMBOL, settlement_currency="USDT", lot_size=Decimal("0.000001"),
            min_quantity=Decimal("0.000001"), min_notional=None,
        ),
        given.account(balance=1_000_000, currency="USDT"),
        given.price(50_000, symbol=SYMBOL),
    )  # fmt: skip
    return InProcessLink(driver)


def held_after(strategy: Strategy, quotes: int = 5) -> Decimal:
    """Run a backtest of some quotes, a second apart, and return the coins held at its end."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        Venue("BINANCE"), OmsType.NETTING, AccountType.CASH,
        [Money(1_000_000, USDT), Money(0, BTC)],
    )  # fmt: skip
    engine.add_instrument(BTCUSDT)
    times = [(given.T0_MS + 1000 * number) * 1_000_000 for number in range(1, quotes + 1)]
    price, size = Price.from_str("50000.00"), Quantity.from_str("10.000000")
    engine.add_data([QuoteTick(BTCUSDT.id, price, price, size, size, at, at) for at in times])
    engine.add_strategy(strategy)
    engine.run()
    positions = engine.cache.positions()
    held = sum((position.signed_decimal_qty() for position in positions), Decimal(0))
    engine.dispose()
    return held


def test_position_is_kept_within_the_limit_when_a_backtest_passes_the_gate() -> None:
    gate = link()
    gated = Gated(gate)

    # 0.3 of a million at 50,000 are six coins; without the gate, five times two.
    assert held_after(Plain()) == 10
    assert Decimal("5.9") < held_after(gated) <= 6
    assert gate.decisions[-1].verdict == "rejected"
    assert "position" in gated.denied[-1]


def test_gate_books_what_the_venue_filled_when_a_backtest_ends() -> None:
    gate = link()
    held = held_after(Gated(gate))

    fills = [each for each in gate.sent if isinstance(each, Fill)]
    assert sum(fill.quantity for fill in fills) == held
    assert fills[0].fee_currency == "USDT"
    (position,) = gate.driver.state().positions
    assert position.quantity == held
    assert gate.driver.state().reservations == ()
    statuses = {each.status for each in gate.sent if isinstance(each, Order)}
    assert statuses == {"filled"}


def test_exit_is_carried_out_when_an_operator_flattens() -> None:
    class Flattened(Gated):
        def on_quote_tick(self, tick: QuoteTick) -> None:
            if len(self.gate.decisions) < 1:
                super().on_quote_tick(tick)
            elif not self.denied:
                self.denied.append("flattened")
                at_ms = tick.ts_event // 1_000_000
                self.gate.driver.send(
                    given.price(50_000, symbol=SYMBOL), given.control("flatten"), at_ms=at_ms
                )

    gate = link()

    assert held_after(Flattened(gate)) == 0
    exits = [each for each in gate.sent if isinstance(each, Fill) and each.side == "sell"]
    assert [fill.quantity for fill in exits] == [Decimal(2)]
    (position,) = gate.driver.state().positions
    assert position.quantity == 0
