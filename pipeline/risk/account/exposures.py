"""Exposure weighed by volatility, by side and by group, kept one symbol at a time like the totals.

Apart from them because each is kept only while a rule that reads it is on.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from pipeline.risk.account.holding import Holding
from pipeline.risk.numbers import EXACT, ZERO

_add, _subtract = EXACT.add, EXACT.subtract

Sum = Literal["weights", "sides", "groups"]
# Sorted, each once. Not a set, whose order in the stored bytes would differ between processes.
Sums = tuple[Sum, ...]
Groups = dict[str, Decimal]  # Worst case notional by group.


class Weights(Struct, frozen=True, array_like=True, gc=False):
    weighed: Decimal = ZERO  # Sum of worst case notional x EWMA.
    unweighed: int = 0  # Held or reserved without a known worst case or volatility.


class Sides(Struct, frozen=True, array_like=True, gc=False):
    """Notionals in the account's currency; a symbol without a worst case counts nothing."""

    net: Decimal = ZERO  # Of all positions, signed.
    buys: Decimal = ZERO  # Of all reserved buys, at their order prices.
    sells: Decimal = ZERO


class Exposures(Struct, frozen=True, array_like=True):
    """None: no rule reads it."""

    weights: Weights | None = None
    sides: Sides | None = None
    groups: Groups | None = None
    kept: Sums = ()  # Which of them.


NOT_KEPT = Exposures()
NO_WEIGHTS = Weights()
NO_SIDES = Sides()


def exposures_of(holdings: Iterable[Holding], sums: Sums) -> Exposures:
    """Add up the sums that begin to be kept."""
    exposures = Exposures(
        weights=NO_WEIGHTS if "weights" in sums else None,
        sides=NO_SIDES if "sides" in sums else None,
        groups={} if "groups" in sums else None,
        kept=sums,
    )
    for holding in holdings:
        exposures = exposures_moved(exposures, _BLANK, holding)
    return exposures


def exposures_moved(exposures: Exposures, old: Holding, new: Holding) -> Exposures:
    """Replace one holding's share of the kept sums by its new one."""
    weights, sides, groups = exposures.weights, exposures.sides, exposures.groups
    if weights is not None:
        weights = _weights_moved(weights, old, new)
    if sides is not None:
        sides = _sides_moved(sides, old, new)
    if groups is not None:
        groups = _groups_moved(groups, old, new)
    same = weights is exposures.weights and sides is exposures.sides and groups is exposures.groups
    return exposures if same else Exposures(weights, sides, groups, exposures.kept)


def _weights_moved(weights: Weights, old: Holding, new: Holding) -> Weights:
    if old.figures.worst is new.figures.worst and old.ewma is new.ewma:
        return weights
    was, now = _weight(old), _weight(new)
    return Weights(
        _subtract(_add(weights.weighed, now or ZERO), was or ZERO),
        weights.unweighed + (now is None) - (was is None),
    )


def _weight(holding: Holding) -> Decimal | None:
    """Worst case notional x volatility, exactly; None where one of them is unknown."""
    worst, ewma = holding.figures.worst, holding.ewma
    if not worst:
        return worst
    return None if ewma is None else EXACT.multiply(worst, ewma)


def _sides_moved(sides: Sides, old: Holding, new: Holding) -> Sides:
    was, now = old.figures, new.figures
    if was is now and old.point_value is new.point_value:
        return sides
    if old.point_value is not new.point_value or (was.worst is None) != (now.worst is None):
        return _all_moved(sides, _sides(old), _sides(new))
    if now.worst is None or new.point_value is None:
        return sides
    net, buys, sells = sides.net, sides.buys, sides.sells
    if was.exposure is not now.exposure or old.position is not new.position:
        net = _subtract(_add(net, _net(new)), _net(old))
    if old.buys is not new.buys:
        buys = _subtract(
            _add(buys, new.buys.notional * new.point_value), old.buys.notional * new.point_value
        )
    if old.sells is not new.sells:
        sells = _subtract(
            _add(sells, new.sells.notional * new.point_value), old.sells.notional * new.point_value
        )
    return Sides(net, buys, sells)


def _all_moved(sides: Sides, was: Sides, now: Sides) -> Sides:
    return Sides(
        _subtract(_add(sides.net, now.net), was.net),
        _subtract(_add(sides.buys, now.buys), was.buys),
        _subtract(_add(sides.sells, now.sells), was.sells),
    )


def _sides(holding: Holding) -> Sides:
    point_value = holding.point_value
    if holding.figures.worst is None or point_value is None:
        return NO_SIDES
    return Sides(
        _net(holding), holding.buys.notional * point_value, holding.sells.notional * point_value
    )


def _net(holding: Holding) -> Decimal:
    exposure = holding.figures.exposure or ZERO
    return exposure if holding.position.quantity > ZERO else -exposure


def _groups_moved(groups: Groups, old: Holding, new: Holding) -> Groups:
    """A group of nothing is left out, so that there are no more than the symbols have."""
    was, now = old.figures.worst or ZERO, new.figures.worst or ZERO
    if was is now and old.instrument is new.instrument:
        return groups
    if old.instrument is new.instrument and was and now:
        return _with_more(groups, groups_of(new), _subtract(now, was))
    before, after = groups_of(old) if was else (), groups_of(new) if now else ()
    if not before and not after:
        return groups
    return _with_more(_with_more(groups, after, now), before, -was)


def _with_more(groups: Groups, which: tuple[str, ...], more: Decimal) -> Groups:
    if not which:
        return groups
    moved = dict(groups)
    for group in which:
        moved[group] = _add(moved.get(group, ZERO), more)
        if not moved[group]:
            del moved[group]
    return moved


def groups_of(holding: Holding) -> tuple[str, ...]:
    """The groups of a symbol, each once."""
    instrument = holding.instrument
    if instrument is None or not instrument.groups:
        return ()
    groups = instrument.groups
    return groups if len(groups) == 1 else tuple(dict.fromkeys(groups))


_BLANK = Holding("")
