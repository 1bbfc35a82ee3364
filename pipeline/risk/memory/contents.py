"""What is remembered of a fill beside its id: what it said, and what of it stands in the books.

So a repetition is told from another fill under the same id, and a correction finds what it
corrects when the fill itself is no longer kept.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.book.holding import Execution
from topics.fields import Side
from topics.fills import Fill
from topics.instruments import Instrument


class Contents(Struct, frozen=True, gc=False):
    """Of one fill id; they differ once it was corrected."""

    said: Execution  # By what came first under this id.
    booked: Execution


def identity_of(fill: Fill) -> str:
    """Name a fill, its corrections included, or its bust; no field of these has a bar in it."""
    kind = "bust" if fill.kind == "bust" else "fill"
    return f"{kind}|{fill.symbol}|{fill.side}|{fill.fill_id}"


def counterpart_of(fill: Fill) -> str:
    """Name the bust of a fill, or the fill of a bust."""
    kind = "fill" if fill.kind == "bust" else "bust"
    return f"{kind}|{fill.symbol}|{fill.side}|{fill.fill_id}"


def text_of(said: Execution, booked: Execution) -> str:
    """Write contents for the shell to keep."""
    return _line(booked) if said is booked else f"{_line(said)}\n{_line(booked)}"


def contents_in(text: str, fill: Fill) -> Contents | None:
    """Read what was kept of a fill of this id and side; None where nothing was."""
    if not text:
        return None
    said, _, booked = text.partition("\n")
    first = _execution(said, fill.fill_id, fill.side)
    return Contents(first, _execution(booked, fill.fill_id, fill.side) if booked else first)


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
