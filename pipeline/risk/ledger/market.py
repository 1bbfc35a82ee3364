"""Takes the market data of an event into the account: instruments, quotes and rates."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.contracts import inverse_of
from pipeline.risk.account.holding import Holding, is_newer
from pipeline.risk.account.kept_fills import ForgottenFills
from pipeline.risk.ledger.booking import book_pending
from pipeline.risk.ledger.cash import measure_waiting_flows
from pipeline.risk.ledger.conversion import convert_waiting, freeze_costs
from pipeline.risk.ledger.marks import take_quote
from pipeline.risk.ledger.rates import scaled, take_rates
from pipeline.risk.ledger.taking_over import count_past
from pipeline.risk.stops import alert_breach
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.quotes import usable
from topics.events import Event, Quote, RevaluationEvent
from topics.instruments import Instrument


def take_all(turn: Turn, event: Event) -> None:
    """Take all market data of an event; rates first, because they value everything else."""
    if event.rates:
        _take_rates(turn, event)
    if isinstance(event, RevaluationEvent):
        for market in event.body.markets:
            take(turn, market.symbol, instrument=market.instrument, quote=market.quote)
    else:
        known = event.quote or event.instrument
        if known is not None:
            take(turn, known.symbol, instrument=event.instrument, quote=event.quote)
    if turn.account.windows.taken_over:
        count_past(turn)


def _take_rates(turn: Turn, event: Event) -> None:
    """Take the rates of an event and book whatever waited for them."""
    take_rates(turn, event)
    if turn.account.currencies.waiting_flows:
        measure_waiting_flows(turn)
    if turn.account.currencies.unconverted:
        convert_waiting(turn)
    if turn.account.totals.foreign:
        freeze_costs(turn)


def take(turn: Turn, symbol: str, *, instrument: Instrument | None, quote: Quote | None) -> None:
    """Take an instrument if it may change, and a quote if it is newer."""
    holding = turn.holding(symbol)
    if instrument is not None and (instrument != holding.instrument or holding.point_value is None):
        _take_instrument(turn, holding, instrument)
        holding = turn.holding(symbol)
    if quote is not None and is_newer(quote, holding.quote):
        take_quote(turn, holding, usable(quote, holding.instrument))


def _take_instrument(turn: Turn, holding: Holding, instrument: Instrument) -> None:
    known = holding.instrument
    in_use = holding.active or holding.pending
    if known is not None and in_use and _identity(known) != _identity(instrument):
        reason = f"{holding.symbol} is held: its multiplier, kind and currencies cannot change"
        alert_breach(turn, Cause("instrument", reason), key=f"instrument:{holding.symbol}")
        return
    inverse, quote = inverse_of(instrument), holding.quote
    if quote is not None and usable(quote, instrument) is not quote:
        holding = replace(holding, quote=None, marks=(), mark=None, mark_ms=None)
    if known is not None and holding.fills and _identity(known) != _identity(instrument):
        turn.fills.append(ForgottenFills(holding.symbol, holding.fills))
        holding = replace(holding, fills=0)  # The kept fills are of another contract.
    holding = scaled(holding, instrument, turn.account)
    turn.recompute_holding(replace(holding, instrument=instrument, inverse=inverse))
    if known is None:
        turn.recheck_all = turn.recheck_all or bool(holding.pending)
        book_pending(turn, instrument)


def _identity(instrument: Instrument) -> tuple[str, Decimal, str, str | None]:
    return (
        instrument.kind,
        instrument.multiplier,
        instrument.settlement_currency,
        instrument.base_currency,
    )
