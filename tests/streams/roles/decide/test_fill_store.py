"""Where the fills kept for busts lie: written together, found by number, dropped past use."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.holding import Execution
from pipeline.risk.account.kept_fills import ForgottenFills, KeptFill, WantedFills
from pipeline.risk.account.position import Position
from pipeline.streams.roles.decide.fill_store import FillStore


def kept(number: int, symbol: str = "X") -> KeptFill:
    """Return a kept fill."""
    execution = Execution(f"f{number}", "buy", Decimal(number + 1), Decimal(5), Decimal(0), None, 9)
    return KeptFill(symbol, number, execution, Position(), rate=Decimal(1), counted=True)


def written(count: int) -> MemoryStore:
    """Return a store in which a worker wrote fills of `a`."""
    store = MemoryStore()
    fills = FillStore(store)
    for number in range(count):
        fills.write("a", kept(number))
    return store


def test_fills_are_found_by_number_when_another_worker_goes_on() -> None:
    fills = FillStore(written(50))

    found = fills.read("a", WantedFills("X", 14, 50))

    assert found == tuple(kept(number) for number in range(14, 50))
    assert fills.read("b", WantedFills("X", 0, 50)) == ()


def test_fill_takes_the_place_of_the_one_with_its_number() -> None:
    fills = FillStore(written(20))
    changed = replace(kept(16), busted=True)

    fills.write("a", changed)

    assert fills.read("a", WantedFills("X", 15, 18)) == (kept(15), changed, kept(17))


def test_last_thousand_are_there_and_no_key_is_left_of_much_older_ones() -> None:
    store = written(5000)

    found = FillStore(store).read("a", WantedFills("X", 4000, 5000))

    assert [fill.number for fill in found] == list(range(4000, 5000))
    assert all(store.get(f"f|a|X|{number}".encode()) is None for number in range(3900 // 16))


def test_nothing_is_left_of_a_symbol_that_is_forgotten() -> None:
    store = written(1500)
    fills = FillStore(store)

    fills.forget("a", ForgottenFills("X", 1500))

    assert not any(store.get(f"f|a|X|{n}".encode()) for n in range(100))
