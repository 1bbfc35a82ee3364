"""Write a digest of all that the core brings out of many histories, and of the state they leave.

Run once on each build, it says whether both decide alike: every line of an output, every row of the
state, and what the core says of its limits, their defaults and their faults.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

from msgspec import Struct

from pipeline.replay import partition
from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.account import Account, Shared
from pipeline.risk.limits.document import NAMES, LimitsError, validate
from pipeline.risk.state import save_account, save_shared
from pipeline.risk.step import Arrival, Step, step
from pipeline.risk.structs import COMPILED, replace
from pipeline.rules_version import rules_version
from pipeline.streams.roles.decide import partition_accounts
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from tests import given
from tests.replay import histories
from tests.spec.desk import Desk
from tests.spec.wild import _RULES, Wild
from topics.events import FillEvent

SEEDS = range(8)
ACTS = 150
VALUES: tuple[Any, ...] = (
    "-1",
    "0",
    "0.5",
    "1e30",
    "NaN",
    "25 %",
    3,
    -3,
    True,
    None,
    [],
    ["A"],
    {"*": "2"},
    "x" * 99,
)


def main() -> int:
    """Write the build's name, then a line for each history."""
    write(f"build {'compiled' if COMPILED else 'pure'}")
    write(f"rules {rules_version()}")
    for name, kind in NAMES.items():
        write(f"{name} {kind()!r} {kind.__struct_fields__}")
    for seed in SEEDS:
        write(f"faults {seed} {faults(seed)}")
        write(f"history {seed} {wild(seed)}")
        write(f"accounts {seed} {drawn(seed)}")
        with breaking():
            write(f"broken {seed} {wild(seed)}")
    return 0


def write(line: str) -> None:
    """Write one line."""
    sys.stdout.write(line + "\n")


def wild(seed: int) -> str:
    """Return the digest of the outputs and the state of everything that can come."""
    stores: list[MemoryStore] = []

    def make() -> MemoryStore:
        stores.append(MemoryStore())
        return stores[-1]

    partition.__dict__.update({"MemoryStore": make, "COMMIT_EVENTS": 10})
    partition_accounts.__dict__["decide"] = unchanging
    desk = Desk()
    with suppress(TypeError):  # What is broken cannot be stored either; the history ends there.
        Wild(seed, desk).run(ACTS)
    lines = [repr(line) for line in desk.driver.lines]
    rows = [repr(row) for store in stores for row in store._values.items()]
    return f"{len(lines)} {digest(lines)} {len(rows)} {digest(rows)}"


class Broken(Decimal):
    """A number of which nothing can be computed: whatever part of an event needs it raises."""

    def _raise(self, *_: object) -> Any:
        raise ArithmeticError("broken")

    __mul__ = __rmul__ = __add__ = __radd__ = __sub__ = __rsub__ = _raise


def broken(event: Any, content: bytes) -> Any:
    """Return a fill with a broken price, if chance has it; its bytes decide."""
    if isinstance(event, FillEvent) and Random(content).random() < 0.2:
        return replace(event, body=replace(event.body, price=Broken(event.body.price)))
    return event


@contextmanager
def breaking() -> Iterator[None]:
    """Let some events raise, in whatever part of the core it is that computes with their prices."""
    use = PartitionAccounts.use

    def using(own: PartitionAccounts, event: Any, content: bytes, **more: Any) -> Any:
        return use(own, broken(event, content), content, **more)

    setattr(PartitionAccounts, "use", using)  # noqa: B010  Of a method.
    yield
    setattr(PartitionAccounts, "use", use)  # noqa: B010


def unchanging(account: Account | None, shared: Shared, arrival: Arrival) -> Step:
    """Take a step, and see that it leaves the records it was given as they are."""
    given_ = [save_account(account) if account else b"", save_shared(shared)]
    taken = step(account, shared, arrival)
    if given_ != [save_account(account) if account else b"", save_shared(shared)]:
        raise AssertionError("a step changed its argument")
    return taken


def drawn(seed: int) -> str:
    """Return the digest of the outputs of three accounts to which anything is sent."""
    draw = Random(seed)
    sent = [(message_of(draw), draw.choice([0, 300, 1700])) for _ in range(60)]
    output = histories.replayed(histories.lines_of(sent))
    return f"{len(output)} {digest([output.decode()])}"


def message_of(draw: Random) -> Struct:
    """Return a signal, a fill, a word of an order, a price or a control."""
    account, n = draw.choice(histories.ACCOUNTS), draw.randint(1, 12)
    side: Any = draw.choice(["buy", "sell"])
    named: dict[str, Any] = {"signal_id": f"s{n}", "account_id": account}
    kind = draw.choice(["signal", "signal", "signal", "fill", "fill", "order", "price", "control"])
    if kind == "signal":
        return given.signal(side, n, **named)
    if kind == "fill":
        return given.fill(side, n, 100, fill_id=f"f{n}", **named)
    if kind == "order":
        return given.order(draw.choice(["accepted", "cancelled", "filled"]), **named)
    if kind == "price":
        return given.price(draw.randint(60, 120))
    command: Any = draw.choice(["halt", "reduce", "flatten"])
    return given.control(command, account_id=draw.choice(["a", "*"]), control_id=f"c{n}")


def faults(seed: int) -> str:
    """Return the digest of what is said of documents with values drawn at random."""
    draw, said = Random(seed), list[str]()
    for _ in range(200):
        name = draw.choice(list(NAMES))
        fields = draw.sample(NAMES[name].__struct_fields__, draw.randint(1, 2) - 1) or ["enabled"]
        rules = {**draw.choice([{}, _RULES]), name: {each: draw.choice(VALUES) for each in fields}}
        try:
            validate(rules)
        except LimitsError as error:
            said.append(str(error))
    return f"{len(said)} {digest(said)}"


def digest(texts: list[str]) -> str:
    """Return the digest of texts in their order."""
    whole = sha256()
    for text in texts:
        whole.update(f"{len(text)}:{text}".encode())
    return whole.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
