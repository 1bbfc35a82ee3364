"""NautilusTrader's RiskEngine in process: CPU per order, without positions and with ten.

Run by the Python that has NautilusTrader, which is not riskgate's; it imports nothing of riskgate.
Argument: orders. Prints microseconds per order without and with positions. Each order must pass:
precision, minima and maxima, notional per order, balance, rate of orders and trading state.
"""

import sys
import time

from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import SubmitOrder
from nautilus_trader.model.enums import OmsType, OrderSide
from nautilus_trader.model.identifiers import AccountId, PositionId, StrategyId, TraderId
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.position import Position
from nautilus_trader.portfolio.portfolio import Portfolio
from nautilus_trader.risk.config import RiskEngineConfig
from nautilus_trader.risk.engine import RiskEngine
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.test_kit.stubs.data import TestDataStubs
from nautilus_trader.test_kit.stubs.events import TestEventStubs
from nautilus_trader.test_kit.stubs.execution import TestExecStubs

TRADER, STRATEGY = TraderId("TESTER-000"), StrategyId("BENCH-001")
VENUE = "XNAS"
POSITIONS = 10
NOTIONAL_MAX = 4000
ROUNDS = 3  # The best counts: other work of the machine only adds.


class Desk:
    """A risk engine with an account, ten equities and their quotes."""

    def __init__(self, positions: int) -> None:
        self._clock = TestClock()
        self._bus = MessageBus(TRADER, self._clock)
        self._cache = Cache()
        self._portfolio = Portfolio(self._bus, self._cache, self._clock)
        self._passed = 0
        self._bus.register("ExecEngine.execute", self._pass)
        self._bus.register("ExecEngine.process", lambda _: None)
        self._equities = [
            TestInstrumentProvider.equity(f"SYM{number}", VENUE) for number in range(POSITIONS)
        ]
        caps = {str(equity.id): NOTIONAL_MAX for equity in self._equities}
        config = RiskEngineConfig(
            max_order_submit_rate="100000000/00:00:01", max_notional_per_order=caps
        )
        self._engine = RiskEngine(self._portfolio, self._bus, self._cache, self._clock, config)
        self._orders = OrderFactory(TRADER, STRATEGY, self._clock)
        self._open(positions)

    def _open(self, positions: int) -> None:
        # Without an account of the orders' venue, or with a margin account, it checks no money.
        self._cache.add_account(TestExecStubs.cash_account(AccountId(f"{VENUE}-001")))
        for number, equity in enumerate(self._equities):
            self._cache.add_instrument(equity)
            quote = TestDataStubs.quote_tick(equity, bid_price=99.98, ask_price=100.02)
            self._cache.add_quote_tick(quote)
            if number < positions:
                order = self._limit(number, "12")
                fill = TestEventStubs.order_filled(
                    order,
                    equity,
                    position_id=PositionId(f"P-{number}"),
                    last_px=Price.from_str("99.37"),
                )
                self._cache.add_position(Position(equity, fill), OmsType.NETTING)
        self._portfolio.initialize_positions()

    def commands(self, count: int, *, quantity: str = "3") -> list[SubmitOrder]:
        """Return prepared orders; each has an id of its own, as duplicates are denied."""
        return [
            SubmitOrder(
                trader_id=TRADER,
                strategy_id=STRATEGY,
                order=self._limit(number % POSITIONS, quantity),
                command_id=UUID4(),
                ts_init=0,
            )
            for number in range(count)
        ]

    def spent_us(self, count: int) -> float:
        """Return microseconds of CPU per order. Raise RuntimeError if one is denied."""
        commands, self._passed = self.commands(count), 0
        began = time.process_time()
        for command in commands:
            self._engine.execute(command)
        spent = time.process_time() - began
        if self._passed != count:
            raise RuntimeError(f"only {self._passed} of {count} orders passed")
        return spent / count * 1e6

    def check(self) -> None:
        """Raise RuntimeError unless an order above the notional cap is denied."""
        command = self.commands(1, quantity="60")[0]
        self._passed = 0
        self._engine.execute(command)
        if self._passed:
            raise RuntimeError("the engine passed an order above its cap")

    def _limit(self, number: int, quantity: str) -> object:
        return self._orders.limit(
            self._equities[number].id,
            OrderSide.BUY,
            Quantity.from_str(quantity),
            Price.from_str("100.07"),
        )

    def _pass(self, _command: object) -> None:
        self._passed += 1


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1])
    desks = [Desk(0), Desk(POSITIONS)]
    for desk in desks:
        desk.check()
        desk.spent_us(count)
    best = [min(desk.spent_us(count) for _ in range(ROUNDS)) for desk in desks]
    sys.stdout.write(" ".join(f"{spent:.2f}" for spent in best) + "\n")


if __name__ == "__main__":
    main()
