"""Sums over the positions of each other currency, in it: what its rates are multiplied with.

Kept like the totals, one symbol at a time, and only for holdings that settle in another currency
than the account's: one rate of each counts for all of them.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.holding import Holding
from pipeline.risk.numbers import EXACT, ZERO

_add, _subtract = EXACT.add, EXACT.subtract


class Foreign(Struct, frozen=True, array_like=True, gc=False):
    """What is held in one other currency; money in that currency."""

    favourable: Decimal = ZERO  # Unrealized at each position's most favourable confirming mark.
    cautious: Decimal = ZERO  # The same at the least favourable ones.
    held: int = 0  # Positions.
    fresh: int = 0  # Those that need a fresh rate: all but what no order closes.
    unfrozen: int = 0  # Those whose cost is not frozen whole.


NOTHING_FOREIGN: dict[str, Foreign] = {}
_NONE = Foreign()


def foreign_moved(sums: dict[str, Foreign], old: Holding, new: Holding) -> dict[str, Foreign]:
    """Replace one holding's share of the sums by its new one; as it is where nothing changed."""
    before, after = old.foreign_currency, new.foreign_currency
    if before == after and old.figures is new.figures and old.position is new.position:
        return sums
    moved = dict(sums)
    if before is not None:
        _put(moved, before, _less(moved.get(before, _NONE), _share(old)))
    if after is not None:
        _put(moved, after, _more(moved.get(after, _NONE), _share(new)))
    return moved


def _put(sums: dict[str, Foreign], currency: str, foreign: Foreign) -> None:
    """A currency in which nothing is held is left out, so that there are no more than are used."""
    if foreign.held:
        sums[currency] = foreign
    else:
        sums.pop(currency, None)


def _share(holding: Holding) -> Foreign:
    figures, position = holding.figures, holding.position
    if not position.quantity:
        return _NONE
    return Foreign(
        figures.foreign_favourable,
        figures.foreign_cautious,
        1,
        0 if figures.residual else 1,
        0 if position.frozen_cost == position.cost else 1,
    )


def _more(sums: Foreign, share: Foreign) -> Foreign:
    return Foreign(
        _add(sums.favourable, share.favourable),
        _add(sums.cautious, share.cautious),
        sums.held + share.held,
        sums.fresh + share.fresh,
        sums.unfrozen + share.unfrozen,
    )


def _less(sums: Foreign, share: Foreign) -> Foreign:
    return Foreign(
        _subtract(sums.favourable, share.favourable),
        _subtract(sums.cautious, share.cautious),
        sums.held - share.held,
        sums.fresh - share.fresh,
        sums.unfrozen - share.unfrozen,
    )
