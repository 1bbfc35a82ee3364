"""A strategy of NautilusTrader whose orders pass through the gate: docs/adapters/nautilus.md.

It is the execution engine of its account as well: it reports what the venue says, and obeys exits
and stops.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.enums import OrderSide, OrderType
from nautilus_trader.model.events import OrderDenied
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

from riskgate.adapters.ids import event_id
from riskgate.adapters.link import Link
from riskgate.engine_protocol import CancelAll, EngineProtocol, Instruction, Status, Ticket
from riskgate.messages import CashFlow, Fill, Order, PositionSnapshot, Signal
from riskgate.unreadable import Unreadable
from topics.decisions import Decision

__all__ = ["GatedStrategy"]

OBEY_EVERY = timedelta(milliseconds=100)
SNAPSHOTS_EVERY = timedelta(seconds=60)
DECIDED = (OrderType.MARKET, OrderType.LIMIT)
STATUSES: Mapping[str, Status] = {
    "OrderAccepted": "accepted", "OrderRejected": "rejected", "OrderDenied": "rejected",
    "OrderCanceled": "cancelled", "OrderExpired": "expired",
}  # fmt: skip


class GatedStrategy(Strategy):  # type: ignore[misc]  # NautilusTrader has no types.
    """Derive your strategy from it, call `use_gate`, and trade as always.

    Whoever overrides `on_start` calls that of this class. An order that the gate rejects is denied,
    with the gate's reasons; one that it makes smaller is denied and submitted anew.
    """

    def use_gate(self, link: Link, account_id: str, currency: str) -> None:
        """Let every order of this strategy, and its account, go through the gate.

        currency: of the account's cash.
        """
        self._link = link
        self._account_id = account_id
        self._currency = currency
        self._protocol = EngineProtocol()
        self._signal_ids: dict[str, str] = {}  # By client order id: what the gate knows of.

    def on_start(self) -> None:
        """Begin to obey exits and stops, and to report positions and cash."""
        self.clock.set_timer("riskgate-obey", OBEY_EVERY, callback=self._obey)
        self.clock.set_timer("riskgate-report", SNAPSHOTS_EVERY, callback=self._report_snapshots)

    def submit_order(  # noqa: PLR0917 - NautilusTrader calls it so.
        self, order: Any, position_id: Any = None, client_id: Any = None, params: Any = None
    ) -> None:
        """Ask the gate, and submit what it approves. NautilusTrader's own calls come here, too."""
        if str(order.client_order_id) in self._signal_ids:
            super().submit_order(order, position_id, client_id, params)
            return
        if order.order_type not in DECIDED:
            self._deny(order, "riskgate decides on market and limit orders only")
            return
        decision = self._link.ask(self._signal(order))
        if decision.verdict == "approved":
            self._signal_ids[str(order.client_order_id)] = decision.decision_id
            super().submit_order(order, position_id, client_id, params)
            return
        self._deny(order, _why(decision))
        if decision.verdict == "modified":
            smaller = self._like(order, decision.approved_quantity)
            self._signal_ids[str(smaller.client_order_id)] = decision.decision_id
            super().submit_order(smaller, position_id, client_id, params)

    def submit_order_list(self, order_list: Any, *_: Any, **__: Any) -> None:
        """Deny every order of a list: the gate decides on one order at a time."""
        for order in order_list.orders:
            self._deny(order, "riskgate decides on one order at a time, not on lists")

    def handle_event(self, event: Any) -> None:
        """Report what became of an order, then do what NautilusTrader does."""
        client_order_id = str(getattr(event, "client_order_id", ""))
        if client_order_id in self._signal_ids:
            self._report(event, self._signal_ids[client_order_id])
        super().handle_event(event)

    def _signal(self, order: Any) -> Signal:
        return Signal(
            signal_id=event_id(order.client_order_id),
            account_id=self._account_id,
            strategy_id=str(self.id),
            symbol=str(order.instrument_id),
            side=_side(order.side),
            quantity=order.quantity.as_decimal(),
            limit_price=order.price.as_decimal() if order.has_price else None,
            reduce_only=order.is_reduce_only,
            created_at_ms=self._now_ms(),
        )

    def _like(self, order: Any, quantity: Decimal) -> Any:
        """Return an order like another one, of another quantity."""
        size = self.cache.instrument(order.instrument_id).make_qty(quantity)
        if order.order_type == OrderType.LIMIT:
            return self.order_factory.limit(
                order.instrument_id, order.side, size, order.price, order.time_in_force,
                order.expire_time if order.has_price else None, order.is_post_only,
                order.is_reduce_only,
            )  # fmt: skip
        return self.order_factory.market(
            order.instrument_id, order.side, size, order.time_in_force, order.is_reduce_only
        )

    def _deny(self, order: Any, reason: str) -> None:
        denied = OrderDenied(
            order.trader_id, order.strategy_id, order.instrument_id, order.client_order_id, reason,
            UUID4(), self.clock.timestamp_ns(),
        )  # fmt: skip
        if not self.cache.order_exists(order.client_order_id):
            self.cache.add_order(order, None, None)
        order.apply(denied)
        self.cache.update_order(order)
        self.handle_event(denied)

    def _report(self, event: Any, signal_id: str) -> None:
        kind, order = type(event).__name__, self.cache.order(event.client_order_id)
        if kind == "OrderFilled":
            self._link.send(self._fill(event, signal_id))
            if order.is_closed:
                self._send_status(order, signal_id, "filled")
        elif kind in STATUSES:
            self._send_status(order, signal_id, STATUSES[kind])

    def _fill(self, event: Any, signal_id: str) -> Fill:
        return Fill(
            account_id=self._account_id,
            fill_id=event_id(event.trade_id),
            order_id=event_id(event.venue_order_id),
            signal_id=signal_id,
            symbol=str(event.instrument_id),
            side=_side(event.order_side),
            quantity=event.last_qty.as_decimal(),
            price=event.last_px.as_decimal(),
            fee=event.commission.as_decimal(),
            fee_currency=event.commission.currency.code,
            executed_at_ms=event.ts_event // 1_000_000,
        )

    def _send_status(self, order: Any, signal_id: str, status: Status) -> None:
        self._link.send(
            Order(
                account_id=self._account_id,
                signal_id=signal_id,
                order_id=event_id(order.venue_order_id or order.client_order_id),
                symbol=str(order.instrument_id),
                status=status,
                filled_quantity=order.filled_qty.as_decimal(),
                updated_at_ms=self._now_ms(),
            )
        )

    def _obey(self, _event: Any) -> None:
        """Carry out exits and stops of the account; what is approved is submitted where it asks."""
        for log in self._link.read():
            if log.account_id != self._account_id:
                continue
            if isinstance(log, Unreadable):
                self._do(*self._protocol.refuse(log.account_id, self._now_ms()))
            else:
                self._do(*self._protocol.obey(log, self._now_ms()))
        for ticket in self._protocol.waiting:
            placed = self._protocol.place(
                ticket.account_id, ticket.client_id, now_ms=self._now_ms()
            )
            self._do(*([placed] if placed else []))

    def _do(self, *instructions: Instruction) -> None:
        for item in instructions:
            if isinstance(item, Ticket):
                self._submit_exit(item)
            elif isinstance(item, CancelAll):
                for order in self.cache.orders_open(strategy_id=self.id):
                    if not order.is_reduce_only:
                        self.cancel_order(order)
            else:
                self._link.send(item)

    def _submit_exit(self, ticket: Ticket) -> None:
        instrument = self.cache.instrument(InstrumentId.from_str(ticket.symbol))
        if instrument is None:
            self._link.send(ticket.answer("rejected", self._now_ms()))
            return
        side = OrderSide.BUY if ticket.side == "buy" else OrderSide.SELL
        quantity = instrument.make_qty(ticket.quantity)
        order = self.order_factory.market(instrument.id, side, quantity, reduce_only=True)
        self._signal_ids[str(order.client_order_id)] = ticket.client_id
        self.submit_order(order)

    def _report_snapshots(self, _event: Any) -> None:
        """Report what is held, while no order works."""
        if self.cache.orders_open(strategy_id=self.id) or self.cache.orders_inflight():
            return
        for position in self.cache.positions(strategy_id=self.id):
            self._link.send(
                PositionSnapshot(
                    account_id=self._account_id,
                    symbol=str(position.instrument_id),
                    quantity=position.signed_decimal_qty(),
                    average_price=Decimal(str(position.avg_px_open)),
                    as_of_ms=self._now_ms(),
                )
            )
        for account in self.cache.accounts():
            for currency, total in account.balances_total().items():
                if currency.code == self._currency:
                    self._link.send(self._cash(total.as_decimal()))

    def _cash(self, amount: Decimal) -> CashFlow:
        return CashFlow(
            account_id=self._account_id,
            kind="snapshot",
            flow_id=f"nautilus-{self._now_ms()}",
            currency=self._currency,
            amount=amount,
            as_of_ms=self._now_ms(),
        )

    def _now_ms(self) -> int:
        now_ns: int = self.clock.timestamp_ns()
        return now_ns // 1_000_000


def _side(side: Any) -> Any:
    return "buy" if side == OrderSide.BUY else "sell"


def _why(decision: Decision) -> str:
    """Return the gate's reasons as text."""
    breaches = [
        check.message if isinstance(check.message, str) else check.rule
        for check in decision.checks
        if check.verdict == "breach"
    ]
    size = f"approved {decision.approved_quantity:f}" if decision.verdict == "modified" else ""
    return "; ".join(filter(None, [size, *breaches])) or ", ".join(decision.reasons)
