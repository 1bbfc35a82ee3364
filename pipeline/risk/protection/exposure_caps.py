"""Positions that price moves pushed past their caps: warns, stops the account, or deleverages.

A cap is a fraction of equity at the newest marks. Only positions are measured; the gate judged
orders before it approved them.
"""

from decimal import Decimal

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.reservations import PendingExit
from pipeline.risk.numbers import EXACT, ZERO, exceeds, floor_to
from pipeline.risk.parameters import OnBreach, per_symbol
from pipeline.risk.protection.breaches import Breach, beyond, breach
from pipeline.risk.protection.position_stops import keep_position
from pipeline.risk.rules.gross_exposure import GrossExposure
from pipeline.risk.rules.position_ratio import PositionRatio
from pipeline.risk.stops import end_breach
from pipeline.risk.turn import Turn

_POSITION, _GROSS = "position_ratio", "gross_exposure"


def exposure_breaches(turn: Turn, equity: Decimal) -> list[Breach]:
    """Check each position and gross exposure; request exits where on_breach is flatten."""
    excesses: dict[str, Decimal] = {}  # In units, by symbol.
    found = _position_breaches(turn, equity, excesses) + _gross_breaches(turn, equity, excesses)
    pending_exits = turn.account.orders.pending_exits
    if excesses or (
        pending_exits and any(item.reason == "deleverage" for item in pending_exits.values())
    ):
        _deleverage(turn, excesses)
    return found


def _position_breaches(turn: Turn, equity: Decimal, excesses: dict[str, Decimal]) -> list[Breach]:
    rule = turn.limits.rule(PositionRatio)
    if not rule.enabled:
        return []
    found = []
    for holding in _in_question(turn, equity):
        key, symbol = f"{_POSITION}:{holding.symbol}", holding.symbol
        limit, exposure = per_symbol(rule.position_ratio_max, symbol), holding.figures.exposure
        if limit is None or not exposure or not _is_past(exposure, equity, limit):
            if turn.account.memory.alerted:
                end_breach(turn, key)
            continue
        cause = _past(f"{_POSITION} of {symbol}", exposure, equity, limit=limit)
        found.append(_breach(cause, rule.on_breach, key))
        excess = exposure - limit * max(equity, ZERO) - _on_its_way(holding)
        if rule.on_breach == "flatten" and excess > ZERO:
            excesses[symbol] = _units(holding, excess, exposure)
    return found


def _in_question(turn: Turn, equity: Decimal) -> list[Holding]:
    """Return the positions that may be past their cap.

    A position that this event did not touch stays within its cap while equity is at least
    `sound_equity`, so most events check only the touched ones.
    """
    account = turn.account
    sound = account.deadlines.sound_equity
    alerted = account.memory.alerted
    reported = alerted and any(key.startswith(_POSITION) for key in alerted)
    if turn.recheck_all or reported or sound is None or equity < sound:
        everything = list(account.holdings.values())
        turn.set_deadlines(sound_equity=_needed(turn, everything, equity, sound=ZERO))
        return everything
    touched = [account.holdings[symbol] for symbol in turn.touched if symbol in account.holdings]
    needed = _needed(turn, touched, equity, sound=sound)
    if needed is not sound:
        turn.set_deadlines(sound_equity=needed)
    return touched


def _needed(turn: Turn, holdings: list[Holding], equity: Decimal, *, sound: Decimal) -> Decimal:
    """Return the equity at which one of these positions, now within its cap, would reach it.

    At least `sound`; the same object comes back when no position needs more, for the caller's `is`.
    """
    rule = turn.limits.rule(PositionRatio)
    caps = rule.position_ratio_max
    most = sound
    for holding in holdings:
        exposure, limit = holding.figures.exposure, per_symbol(caps, holding.symbol)
        if limit and exposure and limit * most < exposure <= limit * equity:
            most = min(exposure / limit, equity)
    return most


def _gross_breaches(turn: Turn, equity: Decimal, excesses: dict[str, Decimal]) -> list[Breach]:
    rule = turn.limits.rule(GrossExposure)
    if not rule.enabled:
        return []
    limit = rule.gross_exposure_ratio_max
    cap, most = limit * max(equity, ZERO), rule.gross_exposure_max
    in_money = most is not None and most < cap
    if most is not None:
        cap = min(cap, most)
    totals = turn.account.totals
    gross = totals.worst if not totals.unbounded and totals.worst <= cap else _gross(turn)
    if not exceeds(gross, cap):
        if _GROSS in turn.account.memory.alerted:
            end_breach(turn, _GROSS)
        return []
    if rule.on_breach == "flatten":
        coming = sum((_on_its_way(item) for item in turn.account.holdings.values()), ZERO)
        _share(turn, gross - cap - coming, gross, excesses=excesses)
    past = beyond(_GROSS, gross, cap) if in_money else _past(_GROSS, gross, equity, limit=limit)
    return [_breach(past, rule.on_breach, _GROSS)]


def _gross(turn: Turn) -> Decimal:
    return sum((item.figures.exposure or ZERO for item in turn.account.holdings.values()), ZERO)


def _share(turn: Turn, excess: Decimal, gross: Decimal, *, excesses: dict[str, Decimal]) -> None:
    """Assign each position its share of the gross excess, or its own excess if larger."""
    for holding in turn.account.holdings.values():
        exposure = holding.figures.exposure
        if exposure and excess > ZERO:
            own = _units(holding, excess, gross)
            excesses[holding.symbol] = max(excesses.get(holding.symbol, ZERO), own)


def _units(holding: Holding, excess: Decimal, of: Decimal) -> Decimal:
    """Convert an excess of notional to units of the position."""
    return EXACT.multiply(excess, abs(holding.position.quantity)) / of


def _on_its_way(holding: Holding) -> Decimal:
    """Return the notional that our working exits will take off a position."""
    exposure = holding.figures.exposure
    if not exposure or not holding.reservations:
        return ZERO
    works = (
        item.quantity for item in holding.reservations.values() if item.exit_reason and item.live
    )
    return exposure * sum(works, ZERO) / abs(holding.position.quantity)


def _is_past(exposure: Decimal, equity: Decimal, limit: Decimal) -> bool:
    """Return whether an exposure is past its cap, compared as in the gate."""
    if exposure <= limit * equity:
        return False
    return equity <= ZERO or exceeds(exposure / equity, limit)


def _past(name: str, exposure: Decimal, equity: Decimal, *, limit: Decimal) -> Cause:
    if equity > ZERO:
        return beyond(name, exposure / equity, limit)
    return Cause(name.partition(" ")[0], f"{name}: no equity is left", None, limit)


def _breach(cause: Cause, on_breach: OnBreach, key: str) -> Breach:
    """Build the breach; deleveraging does not flatten the account, so it is reported as reduce."""
    if on_breach == "flatten":
        return Breach(cause, key, "reduce", None)
    return breach(cause, on_breach, key=key)


def _deleverage(turn: Turn, excesses: dict[str, Decimal]) -> None:
    """Request an exit for each excess and cancel requests whose excess is gone."""
    for symbol, item in turn.account.orders.pending_exits.items():
        if item.reason == "deleverage" and symbol not in excesses:
            keep_position(turn, symbol)
    pending_exits = dict(turn.account.orders.pending_exits)
    for symbol, units in excesses.items():
        known = pending_exits.get(symbol)
        quantity = _lots(turn.holding(symbol), units)
        if quantity and (known is None or known.reason == "deleverage"):
            pending_exits[symbol] = PendingExit("deleverage", quantity)
    turn.set_orders(pending_exits=pending_exits)


def _lots(holding: Holding, units: Decimal) -> Decimal:
    """Round units up to whole lots, at least min_quantity."""
    instrument = holding.instrument
    if instrument is None:
        return ZERO
    lots = floor_to(units, instrument.lot_size)
    if lots < units:
        lots += instrument.lot_size
    return max(lots, instrument.min_quantity)
