"""What is remembered of a fill beside its id: what it said, and what of it stands in the books.

So a repetition is told from another fill under the same id, and a correction finds what it
corrects when the fill itself is no longer kept.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.holding import Execution
from topics.fields import Side
from topics.fills import Fill
from topics.instruments import Instrument


class Contents(Struct, frozen=True, gc=False):
    """Of one fill id; they differ once it was corrected."""

    said: Execution  # By what came first under this id.
    booked: Execution
    number: int  # Of the kept fill; those below it came before.


def identity_of(fill: Fill) -> str:
    """Name a fill, its corrections included, or its bust; no field of these has a bar in it."""
    kind = "bust" if fill.kind == "bust" else "fill"
    return f"{kind}|{fill.symbol}|{fill.side}|{fill.fill_id}"


def counterpart_of(fill: Fill) -> str:
    """Name the bust of a fill, or the fill of a bust."""
    kind = "fill" if fill.kind == "bust" else "bust"
    return f"{kind}|{fill.symbol}|{fill.side}|{fill.fill_id}"


def text_of(contents: Contents) -> str:
    """Write contents for the shell to keep."""
    said, booked = contents.said, contents.booked
    lines = _line(said) if said is booked else f"{_line(said)}\n{_line(booked)}"
    return f"{contents.number}\n{lines}"


def contents_in(text: str, fill: Fill) -> Contents | None:
    """Read what was kept of a fill of this id and side; None where nothing was."""
    if not text:
        return None
    number, said, *booked = text.split("\n")
    first = _execution(said, fill.fill_id, fill.side)
    last = _execution(booked[0], fill.fill_id, fill.side) if booked else first
    return Contents(first, last, int(number))


def number_in(text: str) -> int:
    """Return the number from which on kept fills have to be seen; 0 where nothing says it."""
    return int(text.partition("\n")[0] or 0)


def is_same(one: Execution, other: Execution, instrument: Instrument | None) -> bool:
    """Whether two executions say the same, however they write it; their times do not matter."""
    amounts = (one.quantity, one.price, one.fee) == (other.quantity, other.price, other.fee)
    return amounts and _currency(one, instrument) == _currency(other, instrument)


def _currency(execution: Execution, instrument: Instrument | None) -> str | None:
    """Return what a fee is paid in; of none it does not matter."""
    if not execution.fee:
        return None
    if execution.fee_currency is None and instrument is not None:
        return instrument.settlement_currency
    return execution.fee_currency


def _line(execution: Execution) -> str:
    amounts = f"{execution.quantity}|{execution.price}|{execution.fee}"
    return f"{amounts}|{execution.fee_currency or ''}|{execution.executed_ms}"


def _execution(line: str, fill_id: str, side: Side) -> Execution:
    quantity, price, fee, currency, executed_ms = line.split("|")
    return Execution(
        fill_id,
        side,
        Decimal(quantity),
        Decimal(price),
        Decimal(fee),
        currency or None,
        int(executed_ms),
    )
