"""The roll of day and week when nobody woke the account for it."""

import pytest

from tests.risk.log import T0_MS, Log

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@pytest.mark.parametrize(
    ("after_ms", "day"),
    [(DAY_MS - 1, "2026-01-01"), (DAY_MS, "2026-01-02"), (DAY_MS + HOUR_MS, "2026-01-02"),
     (2 * DAY_MS - 1, "2026-01-02"), (9 * DAY_MS + HOUR_MS, "2026-01-10")],
)  # fmt: skip
def test_day_is_the_one_of_the_event_when_it_comes_late(after_ms: int, day: str) -> None:
    log = Log()
    log.open()

    log.ask("s1", T0_MS + after_ms)

    assert log.account is not None
    assert log.account.windows.day is not None
    assert log.account.windows.day.span.label == day


# 2026-01-01 is a Thursday.
@pytest.mark.parametrize(
    ("days", "week"), [(4, "2026-W02"), (5, "2026-W02"), (11, "2026-W03"), (20, "2026-W04")]
)
def test_week_is_the_one_of_the_event_when_it_comes_late(days: int, week: str) -> None:
    log = Log()
    log.open()

    log.ask("s1", T0_MS + days * DAY_MS + HOUR_MS)

    assert log.account is not None
    assert log.account.windows.week is not None
    assert log.account.windows.week.span.label == week


def test_last_seven_days_are_kept_when_nobody_woke_the_account() -> None:
    log = Log()
    log.open()

    log.ask("s1", T0_MS + 100 * DAY_MS + HOUR_MS)

    assert log.account is not None
    starts = [day.span.start_ms for day in log.account.windows.closed_days]
    assert starts == [T0_MS + number * DAY_MS for number in range(93, 100)]
