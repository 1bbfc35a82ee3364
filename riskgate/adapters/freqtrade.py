"""A strategy of freqtrade whose trades pass through the gate: docs/adapters/freqtrade.md.

It imports nothing of freqtrade: the callbacks get all they need.
"""

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from riskgate.adapters.ids import event_id
from riskgate.adapters.link import Link
from riskgate.answers import NO_ANSWER
from riskgate.messages import Fill, Order, Signal
from topics.decisions import Decision
from topics.fields import Side

__all__ = ["GatedMixin"]

logger = logging.getLogger(__name__)

QUANTITY_STEP = Decimal("1e-12")  # freqtrade's amounts are floats; the gate rounds to lots.


class _Asked(Struct, frozen=True):
    """What the gate allowed for a pair."""

    decision: Decision
    side: Side


class GatedMixin:
    """Stands before IStrategy in the bases of a strategy, which calls `use_gate` in `bot_start`."""

    def use_gate(self, link: Link, account_id: str) -> None:
        """Let every trade of this strategy go through the gate, for this account.

        Raise ValueError if the strategy adjusts positions, of which freqtrade asks nothing.
        """
        if getattr(self, "position_adjustment_enable", False):
            raise ValueError(
                "freqtrade confirms no entry that adjusts a position, so riskgate could not decide "
                "on it; turn position_adjustment_enable off"
            )
        self._link = link
        self._account_id = account_id
        self._entries: dict[str, _Asked] = {}  # By pair: allowed, and not confirmed yet.
        self._sent: dict[tuple[str, Side], str] = {}  # Signal ids by pair and side.

    # freqtrade names every argument that it hands over.

    def custom_stake_amount(self, pair: str, current_time: datetime, **more: Any) -> float:
        """Ask for the stake, and return what the gate allows of it; 0 prevents the trade."""
        rate, factor = _exact(more["current_rate"]), _exact(more["leverage"])
        stake = _exact(min(more["proposed_stake"], more["max_stake"]))
        self._abandon(pair, current_time)
        side: Side = "sell" if more["side"] == "short" else "buy"
        decision = self._ask(current_time, symbol=pair, side=side, quantity=stake * factor / rate)
        if decision.verdict not in {"approved", "modified"}:
            logger.info("riskgate rejected an entry in %s: %s", pair, _why(decision))
            return 0.0
        self._entries[pair] = _Asked(decision, side)
        return float(decision.approved_quantity * rate / factor)

    def confirm_trade_entry(self, pair: str, amount: float, **more: Any) -> bool:
        """Confirm what `custom_stake_amount` asked, and no more than was allowed."""
        try:
            return self._confirm(pair, _exact(amount), more["current_time"])
        # freqtrade takes an exception here for a yes.
        except Exception:
            logger.exception("the entry in %s is refused, as it cannot be checked", pair)
            return False

    def confirm_trade_exit(self, pair: str, trade: Any, amount: float, **more: Any) -> bool:
        """Ask for an exit. If the gate does not answer, exit: that takes no new risk."""
        side: Side = "buy" if trade.is_short else "sell"
        decision = self._ask(
            more["current_time"], symbol=pair, side=side, quantity=_exact(amount), reduce_only=True
        )
        if NO_ANSWER in decision.reasons:
            logger.error("riskgate did not answer to the exit of %s, which goes on", pair)
            return True
        if decision.verdict != "approved":
            logger.error("riskgate rejected the exit of %s: %s", pair, _why(decision))
            return False
        self._sent[pair, side] = decision.decision_id
        return True

    def order_filled(self, pair: str, trade: Any, order: Any, **more: Any) -> None:
        """Report an order of freqtrade that was filled, whole or in part."""
        side: Side = "buy" if order.ft_order_side == "buy" else "sell"
        signal_id = self._sent.pop((pair, side), None)
        entered = order.ft_order_side == trade.entry_side
        cost = trade.fee_open_cost if entered else trade.fee_close_cost
        currency = trade.fee_open_currency if entered else trade.fee_close_currency
        fill = Fill(
            account_id=self._account_id,
            fill_id=event_id(order.order_id),
            order_id=event_id(order.order_id),
            signal_id=signal_id,
            symbol=pair,
            side=side,
            quantity=_exact(order.safe_filled),
            price=_exact(order.safe_price),
            fee=_exact(cost or 0),
            fee_currency=currency or None,
            executed_at_ms=_ms(more["current_time"]),
        )
        self._link.send(fill)
        if signal_id is not None:
            self._end(
                more["current_time"],
                signal_id=signal_id,
                order_id=fill.order_id,
                symbol=pair,
                filled_quantity=fill.quantity,
            )

    def _confirm(self, pair: str, amount: Decimal, at: datetime) -> bool:
        asked = self._entries.get(pair)
        if asked is None:
            logger.warning("the entry in %s was not asked for", pair)
            return False
        decision = asked.decision
        if amount > decision.approved_quantity or _ms(at) >= decision.valid_until_ms:
            logger.warning("the entry in %s is more or later than riskgate allowed", pair)
            self._abandon(pair, at)
            return False
        del self._entries[pair]
        self._sent[pair, asked.side] = decision.decision_id
        return True

    def _ask(self, at: datetime, *, quantity: Decimal, **about: Any) -> Decision:
        signal = Signal(
            account_id=self._account_id,
            strategy_id=type(self).__name__,
            quantity=quantity.quantize(QUANTITY_STEP),
            created_at_ms=_ms(at),
            **about,
        )
        return self._link.ask(signal)

    def _abandon(self, pair: str, at: datetime) -> None:
        """Tell riskgate that an approval is not used, so that its reservation ends."""
        asked = self._entries.pop(pair, None)
        if asked is not None:
            name = asked.decision.decision_id
            self._end(at, signal_id=name, order_id=name, symbol=pair, filled_quantity=Decimal(0))

    def _end(self, at: datetime, **about: Any) -> None:
        # Less than was allowed may be whole for freqtrade, which rounds to the exchange's lots.
        ended = Order(
            account_id=self._account_id, status="cancelled", updated_at_ms=_ms(at), **about
        )
        self._link.send(ended)


def _exact(number: float) -> Decimal:
    """Return a float of freqtrade as the number that its shortest digits say."""
    return Decimal(str(number))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _why(decision: Decision) -> str:
    return ", ".join(decision.reasons)
