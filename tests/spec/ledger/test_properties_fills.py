"""Orders filled in the worst way that is left: no cap breaks at the prices they were judged at."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spec.desk import Desk, open_desk
from tests.spec.rulebook import only

few = settings(max_examples=40, deadline=None)
GROUPS_OF = {"X": ["a"], "Y": ["a", "b"], "Z": ["b"]}
BALANCE = 10_000

Caps = dict[str, Any]
_percent = st.integers(5, 150).map(lambda n: Decimal(n) / 100)
_caps: st.SearchStrategy[Caps] = st.fixed_dictionaries(
    {
        "quantity": st.integers(5, 150),
        "position": _percent,
        "gross": _percent,
        "net": _percent,
        "a": _percent,
        "b": _percent,
        "leverage": st.sampled_from([None, 1, 2]),
        "symbols": st.integers(1, 3),
    }
)
_steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["buy", "sell"]), st.integers(1, 120), st.sampled_from(list("XYZ"))
        ),
        st.tuples(st.just("fill"), st.integers(1, 60), st.integers(0, 9)),
        st.tuples(st.just("cancelled"), st.just(0), st.integers(0, 9)),
        st.tuples(st.just("filled"), st.just(0), st.integers(0, 9)),
    ),
    min_size=4,
    max_size=25,
)


class Book:
    """A desk at a mark of 100 for all, its live orders, and what their fills must have made."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self.held = dict.fromkeys(GROUPS_OF, Decimal(0))
        self.live: dict[str, list[Any]] = {}  # Symbol, side and what is left, by signal.
        self.ended: set[str] = set()  # With a last word.
        self.unhedged = False  # An exit, which passes always, may leave the net larger.
        self.desk = desk_with(caps)

    def take(self, what: str, number: int, which: Any) -> None:
        """Do one drawn step."""
        if what in ("buy", "sell"):
            self.ask(what, number, which)
        elif self.live:
            signal_id = list(self.live)[-1 - which % len(self.live)]
            if what == "fill":
                self.fill(signal_id, Decimal(number))
            elif signal_id not in self.ended:
                self.end(signal_id, what)

    def end(self, signal_id: str, word: str) -> None:
        """Say the last word on an order; one that is filled still has its fills to come."""
        self.desk.order(signal_id, word, symbol=self.live[signal_id][0])
        self.ended.add(signal_id)
        if word == "cancelled":
            del self.live[signal_id]

    def ask(self, side: str, quantity: int, symbol: str) -> None:
        """Ask for an order at the market; note what is approved of it."""
        decision = self.desk.signal(side, quantity, symbol=symbol)
        if decision["approved_quantity"] != "0":
            approved = Decimal(decision["approved_quantity"])
            sign = 1 if side == "buy" else -1
            self.unhedged |= sign * self.held[symbol] + approved <= 0
            self.live[decision["signal_id"]] = [symbol, side, approved]

    def fill(self, signal_id: str, quantity: Decimal) -> None:
        """Fill an order, at most whole."""
        symbol, side, left = self.live[signal_id]
        now = min(quantity, left)
        self.desk.fill(side, now, 100, symbol=symbol, signal_id=signal_id)
        self.held[symbol] += now if side == "buy" else -now
        self.live[signal_id][2] -= now
        if now == left:
            del self.live[signal_id]

    def exposures(self) -> list[tuple[Decimal, Decimal]]:
        """Return what is held and its cap, one pair for each cap, as fractions of equity."""
        sizes = {symbol: abs(held) * 100 / BALANCE for symbol, held in self.held.items()}
        gross, caps = sum(sizes.values(), Decimal(0)), self.caps
        groups = [
            (sum((sizes[s] for s in sizes if group in GROUPS_OF[s]), Decimal(0)), caps[group])
            for group in "ab"
        ]
        net = abs(sum(self.held.values(), Decimal(0))) * 100 / BALANCE
        return [
            *((size, caps["position"]) for size in sizes.values()),
            *((abs(held), Decimal(caps["quantity"])) for held in self.held.values()),
            *groups,
            (gross, caps["gross"]),
            (Decimal(0) if self.unhedged else net, caps["net"]),
            (gross, Decimal(caps["leverage"] or 1)),  # Of cash, where there is no leverage.
            (Decimal(sum(map(bool, self.held.values()))), Decimal(caps["symbols"])),
        ]


def desk_with(caps: Caps) -> Desk:
    """Return a desk with these caps."""
    groups = {"a": str(caps["a"]), "b": str(caps["b"])}
    rules: dict[str, dict[str, Any]] = {
        "position_quantity": {"position_quantity_max": caps["quantity"]},
        "position_ratio": {"position_ratio_max": str(caps["position"])},
        "gross_exposure": {"gross_exposure_ratio_max": str(caps["gross"])},
        "net_exposure": {"net_exposure_ratio_max": str(caps["net"])},
        "group_exposure": {"group_exposure_ratio_max": groups},
        "cash": {},
        "margin": {} if caps["leverage"] is None else {"leverage": caps["leverage"]},
        "open_positions": {"open_positions_max": caps["symbols"]},
        "stale_mark": {},
    }
    desk = open_desk(only(**rules), balance=BALANCE, mark=None)
    for symbol, names in GROUPS_OF.items():
        desk.instrument(symbol, groups=names)
        desk.price(100, symbol)
    return desk


@given(caps=_caps, steps=_steps, last=st.permutations(range(25)))
@few
def test_no_cap_breaks_whatever_fills_first(
    caps: Caps, steps: list[tuple[str, int, Any]], last: list[int]
) -> None:
    book = Book(caps)

    for what, number, which in steps:
        book.take(what, number, which)
        assert all(measured <= cap for measured, cap in book.exposures())
    approved = list(book.live)
    for index in last:
        if index < len(approved):
            book.fill(approved[index], Decimal(1000))
            assert all(measured <= cap for measured, cap in book.exposures())

    held = {row["symbol"]: row["quantity"] for row in book.desk.state()["positions"]}
    assert {s: Decimal(held.get(s, 0)) for s in GROUPS_OF} == book.held
    assert book.desk.reserved() == {}
