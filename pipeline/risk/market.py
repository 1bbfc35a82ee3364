"""What the market said with an event: an instrument and a quote, each taken once per account."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.cause import Cause
from pipeline.risk.holding import Holding, Mark, mark_of
from pipeline.risk.numbers import ZERO, earliest
from pipeline.risk.stops import alert_breach
from pipeline.risk.turn import Turn
from topics.events import Event, PulseEvent, Quote
from topics.instruments import Instrument


def take_all(turn: Turn, event: Event) -> None:
    """Take what an event says of the market."""
    if isinstance(event, PulseEvent):
        for market in event.body.markets:
            take(turn, market.symbol, instrument=market.instrument, quote=market.quote)
        return
    known = event.quote or event.instrument
    if known is not None:
        take(turn, known.symbol, instrument=event.instrument, quote=event.quote)


def take(turn: Turn, symbol: str, *, instrument: Instrument | None, quote: Quote | None) -> None:
    """Take an instrument that is allowed to change and a quote that is newer."""
    holding = turn.holding(symbol)
    if instrument is not None and instrument != holding.instrument:
        _take_instrument(turn, holding, instrument)
        holding = turn.holding(symbol)
    if quote is not None and (holding.quote is None or quote.offset > holding.quote.offset):
        take_quote(turn, holding, quote)


def take_quote(turn: Turn, holding: Holding, quote: Quote) -> None:
    """Value the holding at a newer quote; a held position's mark joins its confirming list."""
    marks = holding.marks
    price = mark_of(quote, holding.position.quantity) if holding.position.quantity else None
    if price is not None:
        marks = next_mark(marks, price, now_ms=turn.now_ms)
        marks = marks[-turn.limits.confirmation.confirm_marks :]
    turn.revalue(replace(holding, quote=quote, marks=marks))


def trim_marks(turn: Turn) -> None:
    """Drop confirming marks superseded at least confirm_ms ago, never below two of a position."""
    trim_ms = turn.account.totals.trim_ms
    dropped_ms = turn.now_ms - turn.limits.confirmation.confirm_ms
    if trim_ms is None or trim_ms > dropped_ms:
        return
    next_ms: int | None = None
    for holding in list(turn.account.holdings.values()):
        marks = holding.marks
        while len(marks) > 2 and (marks[0].superseded_ms or 0) <= dropped_ms:
            marks = marks[1:]
        if marks is not holding.marks:
            turn.revalue(replace(holding, marks=marks))
        if len(marks) > 2:
            next_ms = earliest(next_ms, marks[0].superseded_ms)
    turn.note(totals=replace(turn.account.totals, trim_ms=next_ms))


def next_mark(marks: tuple[Mark, ...], price: Decimal, *, now_ms: int) -> tuple[Mark, ...]:
    """Append a mark; the one before it is superseded now."""
    if not marks:
        return (Mark(price),)
    return (*marks[:-1], Mark(marks[-1].price, now_ms), Mark(price))


def first_marks(price: Decimal, holding: Holding, *, now_ms: int) -> tuple[Mark, ...]:
    """Start the list of a new position: its entry price, then the newest mark held."""
    newest = mark_of(holding.quote, holding.position.quantity)
    return (Mark(price),) if newest is None else (Mark(price, now_ms), Mark(newest))


def _take_instrument(turn: Turn, holding: Holding, instrument: Instrument) -> None:
    known = holding.instrument
    in_use = holding.active or holding.reservations
    if known is not None and in_use and _identity(known) != _identity(instrument):
        reason = f"{holding.symbol} is held: its multiplier, kind and currencies do not change"
        alert_breach(turn, Cause("instrument", reason), key=f"instrument:{holding.symbol}")
        return
    turn.settle(replace(holding, instrument=instrument))
    if known is None:
        _book_pending(turn, turn.holding(holding.symbol), instrument)


def _identity(instrument: Instrument) -> tuple[str, Decimal, str, str | None]:
    return (
        instrument.kind,
        instrument.multiplier,
        instrument.settlement_currency,
        instrument.base_currency,
    )


def _book_pending(turn: Turn, holding: Holding, instrument: Instrument) -> None:
    """Book what fills realized while nobody knew the instrument."""
    if not (holding.pending_points or holding.pending_fees):
        return
    amount = holding.pending_points * instrument.multiplier - holding.pending_fees
    turn.put(replace(holding, pending_points=ZERO, pending_fees=ZERO))
    book_realized(turn, holding.symbol, amount, currency=instrument.settlement_currency)


def book_realized(turn: Turn, symbol: str, amount: Decimal, *, currency: str) -> None:
    """Add to the realized PnL of symbol, account, day and week."""
    account = turn.account
    if account.currency is not None and currency != account.currency:
        set_apart(turn, currency, amount)
        return
    holding = turn.holding(symbol)
    turn.put(replace(holding, realized=holding.realized + amount))
    turn.update(realized=account.realized + amount)
    book_in_windows(turn, amount, amount)


def set_apart(turn: Turn, currency: str, amount: Decimal) -> None:
    """Keep an amount whose rate is not known; equity is unknown until it is."""
    held = turn.account.unconverted.get(currency, ZERO)
    turn.update(unconverted={**turn.account.unconverted, currency: held + amount})


def book_in_windows(turn: Turn, in_day: Decimal, in_week: Decimal) -> None:
    """Add to the realized PnL since the opens of the day and the week."""
    day, week = turn.account.day, turn.account.week
    if day is not None and week is not None:
        turn.update(
            day=replace(day, realized=day.realized + in_day),
            week=replace(week, realized=week.realized + in_week),
        )
