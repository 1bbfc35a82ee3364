"""What traders, venues and people send, drawn from the seed: signals, fills, prices, controls.

The venue fills what it reads as approved, each decision once, as execution engines must.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Literal

from msgspec import Struct

from pipeline.verify.records import DECISIONS, STOPS, identity, message_of
from tests import given
from tests.simulation.broker.cluster import Outgoing
from tests.simulation.kernel import Kernel
from topics.decisions import Decision, Exit
from topics.emergency_stops import EmergencyStop

__all__ = ["ACCOUNTS", "Desk"]

ACCOUNTS = tuple(f"acct-{number}" for number in range(6))
COMMANDS: tuple[Literal["halt", "reduce", "flatten"], ...] = ("reduce", "halt", "flatten")
PERIOD_SECONDS = (0.0, 0.5)  # Between two messages.
ANSWER_SECONDS = (0.01, 3.0)  # Of the venue.
LOOK_SECONDS = (1.0, 6.0)  # Of the desk at a stop.
RULES = given.only("drawdown", "position_ratio", drawdown_ratio_max="0.10") | {
    "position_ratio": {"position_ratio_max": "0.9"},
    "trading_state": {"enabled": True},
    "heartbeat": {"enabled": True},
    "confirmation": {"confirm_marks": 1},
    "reservation": {"reservation_ttl_ms": 4000},
}


class Desk:
    """Everybody outside riskgate."""

    def __init__(self, kernel: Kernel, send: Callable[[Struct], None]) -> None:
        self.signals = 0
        self._kernel = kernel
        self._random = kernel.random
        self._send = send
        self._price = Decimal(100)
        self._sent = 0
        self._answered: set[str] = set()
        self._is_open = True

    def begin(self) -> None:
        """Fund the accounts, and go on until `close`."""
        self._say(given.limits(RULES), given.instrument(), given.price(self._price))
        self._say(*(given.account(name, balance=1000) for name in ACCOUNTS))
        self._act()

    def close(self) -> None:
        """Send nothing more of its own; the venue still answers."""
        self._is_open = False

    def read(self, outgoing: Outgoing) -> None:
        """Read what is published; fill what is approved, and lift what was stopped."""
        topic = outgoing.place[0].rpartition(".")[2]
        if topic not in {DECISIONS, STOPS}:
            return
        message = message_of(topic, outgoing.value or b"")
        name = f"{topic} {identity(message)}"
        if name in self._answered:
            return
        self._answered.add(name)
        if isinstance(message, Decision | Exit):
            delay_s = self._random.uniform(*ANSWER_SECONDS)
            self._kernel.after(delay_s, lambda: self._answer(message))
        elif isinstance(message, EmergencyStop) and message.status == "triggered":
            self._kernel.after(self._random.uniform(*LOOK_SECONDS), lambda: self._resume(message))

    def _say(self, *messages: Struct) -> None:
        for message in messages:
            self._send(given.stamped(message, int(self._kernel.now_s * 1000)))

    def _act(self) -> None:
        if not self._is_open:
            return
        self._say(self._draw())
        self._kernel.after(self._random.uniform(*PERIOD_SECONDS), self._act)

    def _draw(self) -> Struct:
        self._sent += 1
        number, account_id = self._sent, self._random.choice(ACCOUNTS)
        what = self._random.random()
        if what < 0.65:
            self.signals += 1
            return given.signal(
                "buy" if self._random.random() < 0.6 else "sell",
                self._random.randint(1, 5),
                signal_id=f"s-{number}",
                account_id=account_id,
            )
        if what < 0.9:
            self._price = max(Decimal(50), self._price + self._random.randint(-2, 2))
            return given.price(self._price)
        if what < 0.95:
            return given.flow("deposit", 10, flow_id=f"flow-{number}", account_id=account_id)
        who = "*" if self._random.random() < 0.1 else account_id
        return given.control(
            self._random.choice(COMMANDS), account_id=who, control_id=f"c-{number}"
        )

    def _resume(self, stop: EmergencyStop) -> None:
        """Lift a stop, as the desk does once it has looked."""
        self._sent += 1
        self._say(
            given.control(
                "resume",
                account_id=stop.account_id,
                control_id=f"c-{self._sent}",
                stop_id=stop.stop_id,
            )
        )

    def _answer(self, message: Decision | Exit) -> None:
        """Accept and fill what is approved, or cancel it."""
        quantity = message.approved_quantity if isinstance(message, Decision) else message.quantity
        if not quantity or message.side == "hold":
            return
        name = message.signal_id if isinstance(message, Decision) else message.exit_id
        account_id, order_id = message.account_id, f"order-{name}"
        order = partial(given.order, signal_id=name, account_id=account_id, order_id=order_id)
        self._say(order("accepted"))
        if self._random.random() < 0.1:
            self._say(order("cancelled"))
            return
        fill = given.fill(
            message.side,
            quantity,
            self._price,
            fill_id=f"fill-{name}",
            signal_id=name,
            account_id=account_id,
            order_id=order_id,
        )
        self._say(fill)
