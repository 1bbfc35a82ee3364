"""Since when an account has lost more than it may, by the venue's own books.

riskgate knows nothing of this clock: it is what the time from a cause to its stop is measured with.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

PAUSE_SECONDS_MAX = 2.0  # A loss that comes back within this time has the same cause.

__all__ = ["LossClock", "LossLimits"]


class LossLimits(Struct, frozen=True):
    """How much an account may lose."""

    daily_loss_ratio_max: Decimal  # Of equity at the day's open: here of the opening.
    drawdown_ratio_max: Decimal  # Of peak equity.


class _Loss(Struct):
    limits: LossLimits
    opening: Decimal
    since_s: float | None = None
    seen_s: float = 0.0  # Last.


class LossClock:
    """Watch equity as it moves."""

    def __init__(self, limits: Mapping[str, LossLimits], openings: Mapping[str, Decimal]) -> None:
        self._losses = {
            account: _Loss(limits[account], opening) for account, opening in openings.items()
        }

    def see(self, account: str, equity: Decimal, *, peak: Decimal, at_s: float) -> None:
        """Note an equity and the peak that it is measured against."""
        loss = self._losses[account]
        lost = loss.opening - equity > loss.limits.daily_loss_ratio_max * loss.opening
        fell = peak - equity > loss.limits.drawdown_ratio_max * peak
        if lost or fell:
            began_s = self.since_s(account, at_s)
            loss.since_s = at_s if began_s is None else began_s
            loss.seen_s = at_s

    def since_s(self, account: str, at_s: float) -> float | None:
        """Return when the breach began that was there a moment ago, None when there was none."""
        loss = self._losses.get(account)
        return loss.since_s if loss and at_s - loss.seen_s <= PAUSE_SECONDS_MAX else None
