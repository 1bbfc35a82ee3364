"""Trading days and weeks: where they begin and end in the account's zone, and their PnL.

Local days have 23, 24 or 25 hours. A boundary belongs to the new day; a roll time that does not
exist is the first instant after the gap, one that comes twice is the first.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.risk.account.position import Position
from pipeline.risk.numbers import ZERO

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
DAYS_KEPT = 7


class Span(Struct, frozen=True, array_like=True, gc=False):
    """A day or a week: its name and its first and next first instant."""

    label: str
    start_ms: int
    end_ms: int


class Window(Struct, frozen=True, array_like=True):
    """An open day or week and what happened since it opened; money in the account's currency."""

    span: Span
    start_equity: Decimal | None  # None until equity is first known.
    flows: Decimal = ZERO  # Net of deposits and withdrawals since.
    deposits: Decimal = ZERO
    realized: Decimal = ZERO  # Fees, funding and adjustments included.
    marks: dict[str, Decimal] = {}  # Of the symbols held at the open.

    def pnl(self, equity: Decimal | None) -> Decimal | None:
        if equity is None or self.start_equity is None:
            return None
        return equity - self.start_equity - self.flows

    def loss_base(self) -> Decimal | None:
        """What a loss limit is a fraction of; withdrawals do not lower it."""
        return None if self.start_equity is None else self.start_equity + self.deposits


class Baseline(Struct, frozen=True, array_like=True, gc=False):
    """What a resumed loss rule measures from instead of its window or the peak; money as there.

    Of the drawdown `start_equity` is a peak: it rises with equity and is unitised on flows.
    """

    start_equity: Decimal
    flows: Decimal = ZERO  # Net of deposits and withdrawals since the resume.
    deposits: Decimal = ZERO

    def pnl(self, equity: Decimal | None) -> Decimal | None:
        return None if equity is None else equity - self.start_equity - self.flows

    def loss_base(self) -> Decimal | None:
        return self.start_equity + self.deposits


class ClosedDay(Struct, frozen=True, array_like=True):
    """A past day, kept for fills that come late."""

    span: Span
    pnl: Decimal | None
    marks: dict[str, Decimal] = {}  # Of the symbols held at its open.


class Windows(Struct, frozen=True, array_like=True, gc=False):
    """What PnL and drawdown are measured from: day, week, the peak and resumed rules' baselines."""

    day: Window | None = None
    week: Window | None = None
    peak_equity: Decimal = ZERO
    baselines: dict[str, Baseline] = {}  # By rule, of loss stops that were resumed.
    closed_days: tuple[ClosedDay, ...] = ()
    rolls_by: tuple[str, str] = ("", "")  # Zone and roll time of the day and week that run.
    taken_over: dict[str, Position] = {}  # Adopted, and not valued yet: their past is not today's.


@lru_cache(maxsize=4096)
def day_at(at_ms: int, zone: str, roll: str) -> Span:
    """Return the trading day that an instant belongs to."""
    local = _local(at_ms, zone)
    day = local.date()
    if at_ms < _boundary(day, zone, roll):
        day -= timedelta(days=1)
    elif at_ms >= _boundary(day + timedelta(days=1), zone, roll):
        day += timedelta(days=1)
    return Span(
        day.isoformat(),
        _boundary(day, zone, roll),
        _boundary(day + timedelta(days=1), zone, roll),
    )


@lru_cache(maxsize=4096)
def week_at(at_ms: int, zone: str, roll: str) -> Span:
    """Return the trading week, Monday to Monday at the roll, that an instant belongs to."""
    day = date.fromisoformat(day_at(at_ms, zone, roll).label)
    monday = day - timedelta(days=day.weekday())
    year, week, _ = monday.isocalendar()
    return Span(
        f"{year}-W{week:02d}",
        _boundary(monday, zone, roll),
        _boundary(monday + timedelta(days=7), zone, roll),
    )


@lru_cache(maxsize=4096)
def week_named(label: str, zone: str, roll: str) -> Span:
    """Return the trading week of an ISO name, as `2026-W03`."""
    year, _, week = label.partition("-W")
    monday = date.fromisocalendar(int(year), int(week), 1)
    return week_at(_boundary(monday, zone, roll), zone, roll)


def _local(at_ms: int, zone: str) -> datetime:
    return (_EPOCH + at_ms * _MS).astimezone(ZoneInfo(zone))


@lru_cache(maxsize=4096)
def _boundary(day: date, zone: str, roll: str) -> int:
    """Return the first instant, in ms, at which a local day's roll has come."""
    wall = datetime.combine(day, time.fromisoformat(roll))
    info = ZoneInfo(zone)
    first = _instant(wall.replace(tzinfo=info, fold=0))
    if _local(first, zone).replace(tzinfo=None) == wall:
        return first
    # In a gap the two folds lie on either side of the jump, the later offset first.
    before = _instant(wall.replace(tzinfo=info, fold=1))
    return _jump(min(before, first), max(before, first), zone)


def _jump(before: int, after: int, zone: str) -> int:
    """Return the instant between two at which the zone's offset changes."""
    offset = _local(before, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if _local(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _instant(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MS
