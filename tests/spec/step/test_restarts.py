"""Wild histories: nothing breaks the books, and no restart changes what comes out."""

import pytest

from pipeline.streams.settings import Settings
from tests.spec.desk import HOUR, MINUTE, SECOND, Desk
from tests.spec.recorded import Recorded, Taken, restarted
from tests.spec.rulebook import Rules
from tests.spec.wild import Wild

SEEDS = (300, 303, 305, 307)  # In these a stop and limits are over before the end.
SPRING_MS = 1_772_951_400_000  # 2026-03-08, 01:30 in New York; the clocks go forward at 02:00.
AUTUMN_MS = 1_793_509_200_000  # 2026-11-01, 01:00 in New York; the clocks go back at 02:00.


@pytest.mark.parametrize("seed", range(5))
def test_same_comes_out_when_the_worker_restarts_between_all_events(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        log = Recorded(patch)
        desk = Wild(seed).run(100)

    again = restarted(log, desk.sent("decisions")[0]["rules_version"])

    assert len(log) > 50
    assert again == log


@pytest.mark.parametrize("seed", SEEDS)
def test_same_comes_out_when_stops_and_limits_end_by_themselves(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        log = Recorded(patch)
        desk = Wild(seed, wait_ms_max=MINUTE, passing=True).run(80)
        desk.wait(MINUTE)  # So that what was for a while last is over, too.

    again = restarted(log, desk.sent("decisions")[0]["rules_version"])

    assert again == log
    assert desk.alerts("internal_error") == []
    assert any("its time is over" in row["reason"] for row in desk.sent("emergency_stops"))
    assert any(" has ended" in row["message"] for row in desk.alerts("limits"))


def changing(seed: int, night_ms: int, roll: str) -> Desk:
    """Run a wild history from shortly before the clocks change, with stops by range."""
    desk = Desk(now_ms=night_ms, settings=Settings(partitions=1, bar_ms=SECOND, atr_periods=2))
    always: Rules = {
        "account": {"zone": "America/New_York", "day_roll": roll},
        "stop": {"atr_multiple": "1.5"},
        "stop_loss": {},
        "volatility_stop": {"volatility_multiple": 2},
    }
    wild = Wild(seed, desk, always=always)
    wild.run(40)
    desk.wait(2 * HOUR)
    return wild.run(40)


def days_of(log: list[Taken]) -> list[str]:
    """Return the trading days that the account was in, in order."""
    windows = [taken.account.windows.day for taken in log if taken.account is not None]
    return list(dict.fromkeys(day.span.label for day in windows if day is not None))


def ranges_of(log: list[Taken]) -> set[bool]:
    """Return whether the ATR of held symbols was known."""
    accounts = [taken.account for taken in log if taken.account is not None]
    holdings = [h for account in accounts for h in account.holdings.values() if h.quantity]
    return {h.quote is not None and bool(h.quote.atr) for h in holdings}


# A roll at 02:30 does not exist in spring; one at 01:30 comes twice in autumn.
@pytest.mark.parametrize("seed", range(200, 204))
@pytest.mark.parametrize(
    ("night_ms", "roll", "eve"),
    [(SPRING_MS, "02:30", "2026-03-07"), (AUTUMN_MS, "01:30", "2026-10-31")],
    ids=["spring", "autumn"],
)
def test_same_comes_out_when_clocks_change_and_stops_follow_ranges(
    night_ms: int, roll: str, eve: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        log = Recorded(patch)
        desk = changing(seed, night_ms, roll)

    again = restarted(log, desk.sent("decisions")[0]["rules_version"])

    assert again == log
    assert desk.alerts("internal_error") == []
    first, *later = days_of(log)
    assert (first, len(later) > 0) == (eve, True)
    assert True in ranges_of(log)


@pytest.mark.parametrize("seed", range(100, 110))
def test_nothing_raises_when_anything_at_all_comes(seed: int) -> None:
    desk = Wild(seed).run(100)

    assert len(desk.sent("decisions")) > 0
    assert desk.alerts("internal_error") == []
    assert desk.sent("dead_letters") == []
