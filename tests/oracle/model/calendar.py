"""Trading days and weeks: local dates that begin at a roll time of a zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Clock"]


@dataclass(frozen=True)
class Clock:
    """A zone and its roll."""

    zone: str
    roll: str

    def start_ms(self, day: date) -> int:
        """Return when a trading day begins: the first instant after a gap, the first of two."""
        hour, minute = map(int, self.roll.split(":"))
        local = datetime.combine(day, time(hour, minute))
        zone = ZoneInfo(self.zone)
        for minutes in range(24 * 60):
            moment = (local + timedelta(minutes=minutes)).replace(tzinfo=zone, fold=0)
            utc = moment.astimezone(UTC)
            if utc.astimezone(zone).replace(tzinfo=None) == moment.replace(tzinfo=None):
                return int(utc.timestamp()) * 1000
        raise AssertionError(day)

    def day(self, at_ms: int) -> date:
        """Return the trading day of an instant."""
        guess = datetime.fromtimestamp(at_ms // 1000, ZoneInfo(self.zone)).date()
        days = [guess + timedelta(days=n) for n in (1, 0, -1)]
        return next(day for day in days if self.start_ms(day) <= at_ms)

    def next_day_ms(self, at_ms: int) -> int:
        """Return when the next day begins."""
        return self.start_ms(self.day(at_ms) + timedelta(days=1))

    def monday(self, at_ms: int) -> date:
        """Return the first day of the trading week of an instant."""
        day = self.day(at_ms)
        return day - timedelta(days=day.weekday())

    def next_week_ms(self, at_ms: int) -> int:
        """Return when the next week begins."""
        return self.start_ms(self.monday(at_ms) + timedelta(days=7))

    def day_name(self, at_ms: int) -> str:
        """Name the day of an instant, as 2026-01-31."""
        return self.day(at_ms).isoformat()

    def week_name(self, at_ms: int) -> str:
        """Name the ISO week of an instant, as 2026-W05."""
        year, week, _ = self.day(at_ms).isocalendar()
        return f"{year}-W{week:02d}"
