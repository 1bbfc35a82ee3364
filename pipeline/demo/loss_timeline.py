"""Since when an account has exceeded a loss limit, by the venue's own accounting.

It measures the time from a loss to its stop, independently of riskgate, which never reads it.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

PAUSE_SECONDS_MAX = 2.0  # A breach that returns within this time counts as the same breach.

__all__ = ["LossLimits", "LossTimeline"]


class LossLimits(Struct, frozen=True):
    """The loss limits of an account."""

    daily_loss_ratio_max: Decimal  # Of equity at the day's open; in the demo the opening balance.
    drawdown_ratio_max: Decimal  # Of peak equity.


class _Loss(Struct):
    limits: LossLimits
    opening: Decimal
    since_s: float | None = None
    seen_s: float = 0.0  # Last.


class LossTimeline:
    """Follow equity and remember when a breach began."""

    def __init__(self, limits: Mapping[str, LossLimits], openings: Mapping[str, Decimal]) -> None:
        self._losses = {
            account: _Loss(limits[account], opening) for account, opening in openings.items()
        }

    def observe(self, account: str, equity: Decimal, *, peak: Decimal, at_s: float) -> None:
        """Record an equity and the peak that its drawdown is measured from."""
        loss = self._losses[account]
        lost = loss.opening - equity > loss.limits.daily_loss_ratio_max * loss.opening
        fell = peak - equity > loss.limits.drawdown_ratio_max * peak
        if lost or fell:
            began_s = self.since_s(account, at_s)
            loss.since_s = at_s if began_s is None else began_s
            loss.seen_s = at_s

    def since_s(self, account: str, at_s: float) -> float | None:
        """Return when the current or just ended breach began, None when there is none."""
        loss = self._losses.get(account)
        return loss.since_s if loss and at_s - loss.seen_s <= PAUSE_SECONDS_MAX else None
