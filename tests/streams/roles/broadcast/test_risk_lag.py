"""How late risk is, measured on broadcast's own events."""

import time
from collections.abc import Iterable, Mapping

import pytest

from pipeline.streams.roles.broadcast.risk_lag import SILENT_SECONDS_MAX, UNKNOWN_MS, RiskLag


class Group:
    """Risk has committed this far in partition 0; None: nobody answers."""

    committed: int | None = 0

    def __call__(self, _: Iterable[int]) -> Mapping[int, int]:
        return {} if self.committed is None else {0: self.committed}


@pytest.fixture
def group() -> Group:
    return Group()


@pytest.fixture
def lag(group: Group) -> RiskLag:
    measured = RiskLag(group)
    measured.own(0)
    return measured


def test_risk_is_late_by_the_age_of_the_oldest_event_when_it_committed_none(
    lag: RiskLag,
) -> None:
    lag.delivered(0, 7, 10.0)
    lag.delivered(0, 8, 10.2)

    lag.ask(10.5)

    assert lag.lag_ms(0) == 500


def test_risk_is_not_late_when_it_committed_everything(lag: RiskLag, group: Group) -> None:
    lag.delivered(0, 7, 10.0)
    group.committed = 8

    lag.ask(10.5)

    assert lag.lag_ms(0) == 0


def test_risk_is_late_by_what_is_left_when_it_committed_a_part(lag: RiskLag, group: Group) -> None:
    lag.delivered(0, 7, 10.0)
    lag.delivered(0, 8, 10.25)
    group.committed = 8

    lag.ask(10.5)

    assert lag.lag_ms(0) == 250


def test_risk_looks_late_when_nobody_can_be_asked(lag: RiskLag, group: Group) -> None:
    lag.delivered(0, 7, 10.0)
    group.committed = None

    lag.ask(11.0)

    assert lag.lag_ms(0) == 1000


def test_lag_is_forgotten_when_the_partition_is_lost(lag: RiskLag) -> None:
    lag.delivered(0, 7, 10.0)
    lag.drop(0)

    lag.ask(11.0)

    assert lag.lag_ms(0) == 0


def test_risk_counts_as_far_behind_when_nobody_asks_any_more(
    lag: RiskLag, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag.ask(10.5)
    assert (lag.is_known(), lag.lag_ms(0)) == (True, 0)

    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s + SILENT_SECONDS_MAX + 1)

    assert (lag.is_known(), lag.lag_ms(0)) == (False, UNKNOWN_MS)
