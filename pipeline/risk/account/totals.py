"""Sums over an account's holdings, kept up to date one symbol at a time.

Sums are exact whatever the order of changes: the context is wide enough for every digit. So a step
costs the same with ten positions as with a thousand.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.exposures import NOT_KEPT, Exposures, exposures_moved
from pipeline.risk.account.foreign import NOTHING_FOREIGN, Foreign, foreign_moved
from pipeline.risk.account.holding import Figures, Holding
from pipeline.risk.numbers import EXACT, ZERO

UNSURE = -1  # The earliest one left: only a look at all tells the next.

_add, _subtract = EXACT.add, EXACT.subtract


class Totals(Struct, frozen=True, array_like=True, gc=False):
    """Money in the account's currency; what is unknown is counted apart."""

    unrealized: Decimal = ZERO
    favourable: Decimal = ZERO  # Unrealized at the most favourable marks, without foreign ones.
    cautious: Decimal = ZERO  # The same at the least favourable ones.
    worst: Decimal = ZERO  # Larger worst case notional of each symbol.
    opening: Decimal = ZERO  # Notional of what reserved orders open.
    cost: Decimal = ZERO  # |quantity| x average price x multiplier.
    unvalued: int = 0  # Held without a mark, an instrument or a rate.
    unbounded: int = 0  # Held or reserved without a known worst case.
    pending: int = 0  # With money or a position but without an instrument.
    held: int = 0
    active: int = 0  # Held or reserved.
    reservations: int = 0  # Live ones.
    trim_ms: int | None = None  # No confirming mark that may drop was superseded before.
    # These two follow from the holdings alone; kept, so that a restart looks at none of them.
    mark_ms: int | None = UNSURE  # The oldest as_of among the marks that must be fresh.
    due_ms: int | None = UNSURE  # When the first reservation's wait ends.
    exposures: Exposures = NOT_KEPT  # What only some rules read.
    foreign: dict[str, Foreign] = NOTHING_FOREIGN  # By currency other than the account's.
    unmarked: int = 0  # Held without a mark that it needs, its instrument known.
    left_over: int = 0  # Of the active ones, those of which only a residual position is left.


def moved(totals: Totals, old: Holding | None, new: Holding) -> Totals:
    """Replace one holding's share of the totals by its new one."""
    old = old or _BLANK
    changed = _moved(totals, old, new)
    if old.foreign_currency is not None or new.foreign_currency is not None:
        foreign = foreign_moved(totals.foreign, old, new)
        if foreign is not totals.foreign:
            changed = replace(changed, foreign=foreign)
    if not totals.exposures.kept:
        return changed
    exposures = exposures_moved(totals.exposures, old, new)
    return changed if exposures is totals.exposures else replace(changed, exposures=exposures)


def _moved(totals: Totals, old: Holding, new: Holding) -> Totals:
    was, now = old.figures, new.figures
    changed = totals
    if now.unrealized is not None and was.unrealized is now.unrealized:
        changed = _with_orders(totals, was, now)
    elif was is not now:
        changed = _with_money(totals, was, now)
    if old.mark_ms != new.mark_ms or was.due_ms != now.due_ms or was.residual != now.residual:
        changed = _with_times(changed, old, new)
    if (
        was.active == now.active
        and old.position is new.position
        and old.pending is new.pending
        and old.instrument is new.instrument
        and (old.mark is None) == (new.mark is None)
        and not (was.residual or now.residual)
    ):
        return changed  # No count of holdings can have changed.
    return replace(
        changed,
        pending=totals.pending + new.unknown - old.unknown,
        held=totals.held + bool(new.position.quantity) - bool(old.position.quantity),
        active=totals.active + now.active - was.active,
        unmarked=totals.unmarked + new.lacks_mark - old.lacks_mark,
        left_over=totals.left_over + new.is_left_over - old.is_left_over,
    )


def _with_orders(totals: Totals, was: Figures, now: Figures) -> Totals:
    """The new share of a holding whose value was not worked out anew: only its orders changed."""
    if was is now:
        return totals
    return replace(
        totals,
        worst=_shift(totals.worst, was.worst, now.worst),
        opening=_shift(totals.opening, was.opening, now.opening),
        unbounded=totals.unbounded + (now.worst is None) - (was.worst is None),
        reservations=totals.reservations + now.reservations - was.reservations,
    )


def _with_money(totals: Totals, was: Figures, now: Figures) -> Totals:
    unrealized, favourable, cautious = totals.unrealized, totals.favourable, totals.cautious
    worst, opening, cost = totals.worst, totals.opening, totals.cost
    if was.unrealized is not now.unrealized:
        unrealized = _shift(unrealized, was.unrealized, now.unrealized)
    if was.favourable is not now.favourable:
        favourable = _shift(favourable, was.favourable, now.favourable)
    if was.cautious is not now.cautious:
        cautious = _shift(cautious, was.cautious, now.cautious)
    if was.worst is not now.worst:
        worst = _shift(worst, was.worst, now.worst)
    if was.opening is not now.opening:
        opening = _shift(opening, was.opening, now.opening)
    if was.cost is not now.cost:
        cost = _shift(cost, was.cost, now.cost)
    return Totals(
        unrealized,
        favourable,
        cautious,
        worst,
        opening,
        cost,
        totals.unvalued + (now.unrealized is None) - (was.unrealized is None),
        totals.unbounded + (now.worst is None) - (was.worst is None),
        totals.pending,
        totals.held,
        totals.active,
        totals.reservations + now.reservations - was.reservations,
        totals.trim_ms,
        totals.mark_ms,
        totals.due_ms,
        totals.exposures,
        totals.foreign,
        totals.unmarked,
        totals.left_over,
    )


def _with_times(totals: Totals, old: Holding, new: Holding) -> Totals:
    mark_ms = _earliest_after(totals.mark_ms, old.fresh_needed_ms, new.fresh_needed_ms)
    due_ms = _earliest_after(totals.due_ms, old.figures.due_ms, new.figures.due_ms)
    if mark_ms == totals.mark_ms and due_ms == totals.due_ms:
        return totals
    return replace(totals, mark_ms=mark_ms, due_ms=due_ms)


def _earliest_after(kept: int | None, was: int | None, now: int | None) -> int | None:
    """The earliest of all once one of them changed."""
    if kept == UNSURE or was == now:
        return kept
    if now is not None and (kept is None or now <= kept):
        return now
    return UNSURE if was is not None and was == kept else kept


def recomputed(totals: Totals, holdings: dict[str, Holding]) -> Totals:
    """Find the earliest times among all holdings where they are unsure."""
    if totals.mark_ms == UNSURE:
        times_ms = (item.fresh_needed_ms for item in holdings.values())
        marks_ms = [time_ms for time_ms in times_ms if time_ms is not None]
        totals = replace(totals, mark_ms=min(marks_ms, default=None))
    if totals.due_ms == UNSURE:
        figures = [item.figures for item in holdings.values()]
        dues_ms = [item.due_ms for item in figures if item.due_ms is not None]
        totals = replace(totals, due_ms=min(dues_ms, default=None))
    return totals


def _shift(total: Decimal, was: Decimal | None, now: Decimal | None) -> Decimal:
    if was and now:
        return _add(total, _subtract(now, was))
    if was:
        return _subtract(total, was)
    return _add(total, now) if now else total


_BLANK = Holding("")
