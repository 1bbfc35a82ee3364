"""When a table counts as read to its end, and when as too far behind."""

import time

import pytest

from pipeline.streams.tables.progress import TableProgress


@pytest.fixture
def log() -> TableProgress:
    return TableProgress(end=10)


def test_table_is_caught_up_when_the_end_at_the_start_is_reached(log: TableProgress) -> None:
    log.measure_lag_s(10, time.monotonic())
    assert not log.caught_up

    log.position = 10
    log.measure_lag_s(12, time.monotonic())

    assert log.caught_up


def test_table_is_behind_since_an_end_was_seen_when_it_has_not_reached_that(
    log: TableProgress,
) -> None:
    log.position = 10
    log.measure_lag_s(20, 100.0)

    log.position, log.answered_s = 19, 107.5
    behind_s = log.measure_lag_s(30, 107.5)

    assert behind_s == 7.5


def test_table_is_not_behind_when_it_keeps_reaching_ends_that_move_on(log: TableProgress) -> None:
    log.position = 10
    log.measure_lag_s(20, 100.0)

    log.position, log.answered_s = 25, 107.5
    behind_s = log.measure_lag_s(30, 107.5)

    assert behind_s == 0.0


def test_table_is_as_late_as_the_last_answer_when_nobody_says_where_the_log_ends(
    log: TableProgress,
) -> None:
    log.position, log.answered_s = 10, 100.0

    assert log.measure_lag_s(10, 100.0) == 0.0
    assert log.measure_lag_s(10, 112.0) == 12.0
