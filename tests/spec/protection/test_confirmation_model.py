"""Peak and stop at the confirming marks, judged by a model that knows nothing of the core."""

from decimal import Decimal
from random import Random

import pytest

from tests.spec.desk import open_desk
from tests.spec.rulebook import only

LIMIT = Decimal("0.05")
ZERO = Decimal(0)


class Confirmed:
    """A desk that may fall 5 % from its peak, and the marks that confirm it."""

    def __init__(self, seed: int) -> None:
        self._random = draw = Random(seed)
        self._marks_max = draw.choice([1, 2, 3, 5])
        self._confirm_ms = draw.choice([200, 1000])
        confirmation = {"confirm_marks": self._marks_max, "confirm_ms": self._confirm_ms}
        limit = {"drawdown_ratio_max": str(LIMIT), "on_breach": "halt"}
        self.desk = open_desk(only(drawdown=limit, confirmation=confirmation))
        self._held, self._cash, self._mark = ZERO, Decimal(10_000), Decimal(100)
        self._marks: list[tuple[Decimal, int]] = []  # With the time of each.
        self.peak = Decimal(10_000)

    def act(self) -> bool:
        """Let one thing happen; return whether the fall from the peak is confirmed."""
        draw = self._random
        acts = [self._price, self._price, self._price, self._fill, self._wait, self._flow]
        draw.choice(acts)()
        self.desk.signal("hold")
        return self._judged()

    def _judged(self) -> bool:
        values = [self._cash + self._held * price for price in self._confirming()]
        self.peak = max(self.peak, min(values))
        return self.peak - max(values) > LIMIT * self.peak

    def _confirming(self) -> list[Decimal]:
        """The last marks, less those superseded for long enough; two of them stay."""
        kept = self._marks[-self._marks_max :] if self._held else [(ZERO, 0)]
        while len(kept) > 2 and kept[1][1] + self._confirm_ms <= self.desk.now_ms:
            del kept[0]
        return [price for price, _ in kept]

    def _price(self) -> None:
        usual, far = self._random.randint(9000, 11_000), self._random.choice([5000, 20_000])
        self._mark = Decimal(far if self._random.random() < 0.3 else usual) / 100
        self.desk.price(self._mark)
        self._marks.append((self._mark, self.desk.now_ms))

    def _fill(self) -> None:
        side, quantity = self._random.choice(["buy", "sell"]), Decimal(self._random.randint(1, 10))
        price = self._mark + self._random.randint(-2, 2)
        self.desk.fill(side, quantity, price)
        moved = quantity if side == "buy" else -quantity
        left, self._held = self._held, self._held + moved
        self._cash -= moved * price
        if left * self._held <= 0:
            self._marks = [(price, self.desk.now_ms), (self._mark, self.desk.now_ms)]

    def _wait(self) -> None:
        self.desk.wait(self._random.choice([100, 199, 200, 400, 999, 1000]))

    def _flow(self) -> None:
        amount = Decimal(self._random.choice([500, -500]))
        equity = self._cash + self._held * self._mark
        self.desk.flow("deposit" if amount > 0 else "withdrawal", abs(amount))
        self.peak *= (equity + amount) / equity
        self._cash += amount


@pytest.mark.parametrize("seed", range(25))
def test_peak_and_stop_are_those_of_the_confirming_marks(seed: int) -> None:
    model = Confirmed(seed)

    for _ in range(40):
        confirmed = model.act()
        state = model.desk.state()

        assert abs(Decimal(state["peak_equity"]) - model.peak) < Decimal("1e-15")
        assert (state["trading_state"] == "halted") == confirmed
        if confirmed:
            return
