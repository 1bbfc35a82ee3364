"""What is reserved, judged by a model of the words of orders that knows nothing of the core."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.spec.desk import Desk, open_desk
from tests.spec.rulebook import only

TTL_MS = 10_000
ENDS = ["cancelled", "rejected", "expired", "filled"]
LIMITS = only(reservation={"reservation_ttl_ms": TTL_MS, "order_silent_ms": 10**9})


class Order:
    """An order of ours: new, live, expired, or after its last word waiting, waited for, done."""

    def __init__(self, side: str, quantity: Decimal, now_ms: int) -> None:
        self.side = side
        self.quantity = self.most = quantity
        self.filled = Decimal(0)
        self.due_ms = now_ms + TTL_MS
        self.state = "new"

    @property
    def reserved(self) -> Decimal:
        """What may still fill, as far as the words say."""
        works = self.state in {"new", "live", "waiting"}
        return max(self.most - self.filled, Decimal(0)) if works else Decimal(0)

    def pass_time(self, now_ms: int) -> None:
        """End what waited for a word or for fills."""
        if now_ms >= self.due_ms:
            self.state = {"new": "expired", "waiting": "waited"}.get(self.state, self.state)

    def word(self, status: str, reported: int | None, now_ms: int) -> None:
        """Hear a word; after the last one none counts."""
        if self.state in {"waiting", "waited", "done"}:
            return
        if status == "accepted":
            self.state = "live"
            return
        silent = self.quantity if status == "filled" else self.filled
        self.most = min(silent if reported is None else Decimal(reported), self.quantity)
        self._wait(now_ms)

    def fill(self, quantity: Decimal, now_ms: int) -> None:
        """See a fill; one for an expired reservation restores what is left of it."""
        self.filled += quantity
        if self.state == "waited":
            self._wait(now_ms)
        elif self.state in {"new", "expired"}:
            self.state = "live"

    def _wait(self, now_ms: int) -> None:
        self.state = "waiting" if self.most > self.filled else "done"
        self.due_ms = now_ms + TTL_MS


class Broker:
    """A desk with a few orders, of which anything is heard."""

    def __init__(self, seed: int) -> None:
        self.desk: Desk = open_desk(LIMITS)
        self.orders: dict[str, Order] = {}
        self._random = Random(seed)

    def expected(self) -> dict[str, str]:
        """Return what the model has reserved."""
        rows = {name: order.reserved for name, order in self.orders.items()}
        return {name: str(quantity) for name, quantity in rows.items() if quantity}

    def act(self) -> None:
        """Let one thing happen; a stop is lifted at once."""
        acts = [self._ask, self._word, self._word, self._fill, self._fill, self._wait]
        self._random.choice(acts)()
        for stop_id in self.desk.state()["stops"]:
            self.desk.control("resume", stop_id=stop_id)

    def _ask(self) -> None:
        if len(self.orders) == 5:
            return
        side, quantity = self._random.choice(["buy", "sell"]), Decimal(self._random.randint(1, 10))
        self.desk.price(100)
        decision = self.desk.signal(side, quantity, limit_price="100")
        self.orders[decision["signal_id"]] = Order(side, quantity, self.desk.now_ms)

    def _word(self) -> None:
        if self.orders:
            name = self._random.choice(list(self.orders))
            status = self._random.choice(["accepted", *ENDS])
            reported = self._random.choice([None, self._random.randint(0, 12)])
            more: dict[str, Any] = {} if reported is None else {"filled_quantity": str(reported)}
            self.desk.order(name, status, **more)
            self.orders[name].word(status, reported, self.desk.now_ms)

    def _fill(self) -> None:
        if self.orders:
            name = self._random.choice(list(self.orders))
            order, quantity = self.orders[name], Decimal(self._random.randint(1, 6))
            self.desk.fill(order.side, quantity, 100, signal_id=name)
            order.fill(quantity, self.desk.now_ms)

    def _wait(self) -> None:
        self.desk.wait(self._random.choice([1, 3000, TTL_MS - 1, TTL_MS]))
        self.desk.signal("hold")
        for order in self.orders.values():
            order.pass_time(self.desk.now_ms)


@pytest.mark.parametrize("seed", range(25))
def test_reserved_is_what_the_model_says_after_any_words_and_fills(seed: int) -> None:
    broker = Broker(seed)

    for _ in range(40):
        broker.act()

        assert broker.desk.reserved() == broker.expected()
