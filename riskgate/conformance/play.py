"""One play: a fresh account, what its engine is told, and what it answered."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from riskgate.conformance.stage import Stage, Written
from riskgate.engine_protocol import Log
from topics.decisions import Decision, Exit, Stop
from topics.fields import Side
from topics.fills import Fill
from topics.orders import Order

__all__ = ["Play", "Terms"]

FINAL = {"rejected", "cancelled", "expired", "filled"}
VALID_MS = 60_000


class Terms(Struct, frozen=True, kw_only=True):
    """What the kit may trade at the venue under test, and how patient it is."""

    symbol: str = "SP500"
    quantity: Decimal = Decimal(10)
    price: Decimal = Decimal(2000)  # Near the market: limits are far below it.
    patience_ms: int = 5000  # How long an engine may take to answer.
    quiet_ms: int = 1000  # How long nothing must come where nothing is to be done.


class Play:
    """One clause in play, for an account that no other play uses."""

    def __init__(self, stage: Stage, terms: Terms, account_id: str) -> None:
        self.stage = stage
        self.terms = terms
        self.account_id = account_id
        self._begins = len(stage.written)
        self._asked: dict[str, Decision | Exit] = {}

    def approval(
        self, sequence: int, *, verdict: str = "approved", rests: bool = False, side: Side = "buy"
    ) -> Decision:
        """Return an approval of the usual quantity; one that rests has a limit far from the market.

        A modified one asked for twice as much.
        """
        name = f"{self.account_id}-s{sequence}"
        approved = self.terms.quantity if verdict in {"approved", "modified"} else Decimal(0)
        asked = self.terms.quantity * (2 if verdict == "modified" else 1)
        return Decision(
            decision_id=name, signal_id=name, account_id=self.account_id, strategy_id=None,
            symbol=self.terms.symbol, side=side, verdict=verdict,  # type: ignore[arg-type]
            requested_quantity=asked, approved_quantity=approved,
            limit_price=self.terms.price / 2 if rests else None, stop_price=None,
            reduce_only=False, risk_score=None, reasons=(), binding_rule=None, checks=(),
            trading_state="active", equity=None, drawdown_ratio=None, daily_pnl=None,
            weekly_pnl=None, limits_version="0.0", valid_until_ms=self.now_ms + VALID_MS,
            sequence=sequence, chain=f"chain-{sequence}", rules_version="engine-check",
            at_ms=self.now_ms,
        )  # fmt: skip

    def exit(self, sequence: int) -> Exit:
        """Return an exit that sells the usual quantity."""
        return Exit(
            exit_id=f"{self.account_id}:{sequence}:1",
            account_id=self.account_id,
            symbol=self.terms.symbol,
            side="sell",
            quantity=self.terms.quantity,
            reason="emergency_stop",
            valid_until_ms=self.now_ms + VALID_MS,
            sequence=sequence,
            chain=f"chain-{sequence}",
            rules_version="engine-check",
            at_ms=self.now_ms,
        )

    def stop(self, sequence: int, status: str = "triggered") -> Stop:
        """Return a stop; a triggered one cancels all and flattens."""
        return Stop(
            stop_id=f"{self.account_id}:{sequence}:2",
            account_id=self.account_id,
            status=status,  # type: ignore[arg-type]
            rule="daily_loss",
            measured=None,
            limit=None,
            actions=("cancel_all", "flatten") if status == "triggered" else (),
            positions=(),
            reason="engine-check",
            author=None,
            sequence=sequence,
            chain=f"chain-{sequence}",
            rules_version="engine-check",
            at_ms=self.now_ms,
        )

    @property
    def now_ms(self) -> int:
        """The time of the stage."""
        return self.stage.now_ms()

    @property
    def written(self) -> list[Written]:
        """What the engine wrote about this play's accounts."""
        mine = self.stage.written[self._begins :]
        return [each for each in mine if each.report.account_id.startswith(self.account_id)]

    def tell(self, *messages: Log) -> None:
        """Tell the engine, in this order."""
        for message in messages:
            if not isinstance(message, Stop):
                self._asked.setdefault(client_id(message), message)
        self.stage.tell(messages)

    def until_answered(self, *messages: Decision | Exit) -> None:
        """Wait until each has a final status and the fills that it counts, or the patience ends.

        Orders and fills are two topics, so a status may be read before its fills.
        """
        self.wait_for(lambda: all(self._is_complete(message) for message in messages))

    def ask(self, *messages: Decision | Exit) -> None:
        """Tell messages and wait until each is answered."""
        self.tell(*messages)
        self.until_answered(*messages)

    def _is_complete(self, message: Decision | Exit) -> bool:
        order = self.final(client_id(message))
        return order is not None and self.filled(message) >= (order.filled_quantity or 0)

    def until_working(self, message: Decision | Exit) -> None:
        """Wait until a message has any status."""
        self.wait_for(lambda: bool(self.orders(client_id(message))))

    def wait_for(self, is_enough: Callable[[], bool]) -> None:
        """Wait, at most as long as the patience."""
        self.stage.wait(is_enough, self.terms.patience_ms)

    def quiet(self) -> None:
        """Let the time pass in which nothing must come."""
        self.stage.wait(lambda: False, self.terms.quiet_ms)

    def asked(self) -> dict[str, Decision | Exit]:
        """Return what was told so far by client id, the first of each."""
        return self._asked

    def orders(self, name: str) -> list[Order]:
        """Return the statuses of an order in their order."""
        reports = (each.report for each in self.written)
        return [each for each in reports if isinstance(each, Order) and each.signal_id == name]

    def statuses(self, message: Decision | Exit) -> list[str]:
        """Return the statuses of what a message asked for."""
        return [order.status for order in self.orders(client_id(message))]

    def fills(self, message: Decision | Exit | None = None) -> list[Fill]:
        """Return the fills of a message, or all."""
        reports = (each.report for each in self.written)
        name = None if message is None else client_id(message)
        return [
            each
            for each in reports
            if isinstance(each, Fill) and (name is None or each.signal_id == name)
        ]

    def filled(self, message: Decision | Exit) -> Decimal:
        """Return the sum of a message's fills; an execution that is repeated counts once."""
        by_id = {fill.fill_id: fill.quantity for fill in self.fills(message)}
        return sum(by_id.values(), Decimal(0))

    def final(self, name: str) -> Order | None:
        """Return the first final status of an order."""
        return next((order for order in self.orders(name) if order.status in FINAL), None)

    def final_status(self, message: Decision | Exit) -> str:
        """Return the first final status, empty without one."""
        found = self.final(client_id(message))
        return found.status if found else ""


def client_id(message: Decision | Exit) -> str:
    """Return the id under which the engine places what a message asks for."""
    return message.exit_id if isinstance(message, Exit) else message.decision_id
