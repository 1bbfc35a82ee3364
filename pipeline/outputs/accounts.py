"""The newest row of each account, which of them is nearest to a stop, and what is not known."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import NO_VALUE, Output, message_of
from pipeline.outputs.words import age
from topics.account_states import TOPIC, AccountState
from topics.fields import EVERYONE, DecodeError

__all__ = [
    "Distance", "Headroom", "Rows", "distance", "headrooms", "is_near", "is_within",
    "nearest_first", "read_rows", "unknowns",
]  # fmt: skip

_SUFFIX = "_headroom_ratio"
_STATES = {"halted": 0, "reducing": 1, "active": 2}
FULL = Decimal(1)
UNMEASURED, MEASURED, RISKLESS = range(3)


class Headroom(NamedTuple):
    """What is left of a loss limit, as a fraction of it: 1 untouched, 0 used up."""

    ratio: Decimal
    rule: str


class Distance(NamedTuple):
    """How far an account is from a stop; smaller is nearer."""

    state: int  # Stopped ones first.
    known: int  # What cannot be measured may be anywhere.
    left: Decimal
    account_id: str


class Rows:
    """The newest row of each account, and of `*` in each partition."""

    def __init__(self) -> None:
        self.accounts: dict[str, AccountState] = {}
        self.everyone: dict[int, AccountState] = {}
        self.raw: dict[str, bytes] = {}
        self.unreadable: set[str] = set()

    def take(self, output: Output) -> bool:
        """Take the place of an older row; return whether anything about an account changed."""
        name = output.account_id
        if output.value == NO_VALUE:
            self.raw.pop(name, None)
            return self.accounts.pop(name, None) is not None
        try:
            row = message_of(output)
        except DecodeError:
            self.unreadable.add(name)
            return False
        assert isinstance(row, AccountState)
        if name == EVERYONE:
            self.everyone[output.partition] = row
            return False
        self.unreadable.discard(name)
        self.accounts[name], self.raw[name] = row, output.value
        return True


def read_rows(reader: OutputReader, account: str | None = None) -> Rows:
    """Read every account's newest row; with an account only that one's."""
    rows = Rows()
    newest: dict[tuple[int, str], Output] = {}
    for output in reader.read(TOPIC.name, account=account):
        newest[output.partition, output.account_id] = output  # Decoding them all takes long.
    for output in newest.values():
        rows.take(output)
    return rows


def headrooms(row: AccountState) -> list[Headroom]:
    """Return the headroom of each loss limit, smallest first; empty while equity is unknown."""
    return sorted(
        Headroom(ratio, name.removesuffix(_SUFFIX))
        for name, ratio in row.statistics.items()
        if name.endswith(_SUFFIX)
    )


def distance(row: AccountState) -> Distance:
    """Return how far an account is from a stop."""
    # Asked of every account twice a second: to list all headrooms would take ten times as long.
    left = min(
        (ratio for name, ratio in row.statistics.items() if name.endswith(_SUFFIX)), default=None
    )
    state = _STATES[row.trading_state]
    if left is None:
        # Without any risk it is nowhere near.
        return Distance(state, UNMEASURED if row.watched else RISKLESS, FULL, row.account_id)
    return Distance(state, MEASURED, left, row.account_id)


def nearest_first(rows: Iterable[AccountState]) -> list[AccountState]:
    """Sort accounts: stopped ones, those whose headroom is unknown, then by headroom."""
    return sorted(rows, key=distance)


def is_near(row: AccountState, ratio_max: Decimal) -> bool:
    """Whether little is left of a loss limit; also if that is unknown and there is risk."""
    return is_within(distance(row), row, ratio_max)


def is_within(place: Distance, row: AccountState, ratio_max: Decimal) -> bool:
    """Say what is_near says, of a row whose distance is known."""
    if place.known == MEASURED:
        return place.left <= ratio_max
    return row.equity is None and bool(row.watched)


def unknowns(row: AccountState, now_ms: int) -> Iterator[str]:
    """Yield a sentence for each thing that riskgate does not know about an account."""
    if row.currency is None:
        yield "There was no opening balance yet."
    elif row.equity is None:
        yield f"Equity is unknown as of the last event, {age(now_ms - row.at_ms)} ago."
        yield from _old_marks(row, now_ms)
    yield from (f"{quote.symbol} has no mark." for quote in row.quotes if quote.mark_price is None)
    for position in row.positions:
        if position.quantity and position.unrealized_pnl is None:
            yield f"The PnL of {position.symbol} is unknown: a mark, instrument or rate is missing."
    yield from (f"{rate.currency} has no exchange rate." for rate in row.rates if rate.rate is None)
    if row.unconverted:
        yield f"Money in {', '.join(row.unconverted)} waits for an exchange rate."


def _old_marks(row: AccountState, now_ms: int) -> Iterator[str]:
    """Yield the age of each mark, oldest first: an old one is what makes equity unknown."""
    aged = [(quote.as_of_ms, quote.symbol) for quote in row.quotes if quote.as_of_ms is not None]
    for as_of_ms, symbol in sorted(aged):
        yield f"The mark of {symbol} is {age(now_ms - as_of_ms)} old."
