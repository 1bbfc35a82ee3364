"""The brokers' time as broadcast knows it; seconds are those of the monotonic clock."""

import time

from pipeline.streams.clients.broker_clock import SAMPLES_MAX, BrokerClock

BROKER_MS = 1_800_000_000_000  # What the leader's clock shows when ours shows 100 s.


def test_time_is_the_leaders_when_it_appended_an_event_of_ours() -> None:
    clock = BrokerClock()

    clock.add_sample(0, appended_ms=BROKER_MS, acknowledged_s=100.0)

    assert clock.now_ms(0, 100.0) == BROKER_MS
    assert clock.now_ms(0, 101.5) == BROKER_MS + 1500


def test_shortest_way_back_counts_when_some_reports_are_late() -> None:
    clock = BrokerClock()

    clock.add_sample(0, appended_ms=BROKER_MS, acknowledged_s=100.4)
    clock.add_sample(0, appended_ms=BROKER_MS + 1000, acknowledged_s=101.0)
    clock.add_sample(0, appended_ms=BROKER_MS + 2000, acknowledged_s=102.3)

    assert clock.now_ms(0, 103.0) == BROKER_MS + 3000


def test_burst_is_one_sample_when_its_reports_come_together() -> None:
    clock = BrokerClock()
    clock.add_sample(0, appended_ms=BROKER_MS, acknowledged_s=100.0)

    for late_s in range(SAMPLES_MAX + 1):
        clock.add_sample(0, appended_ms=BROKER_MS, acknowledged_s=100.5 + late_s / 100)

    assert clock.now_ms(0, 101.0) == BROKER_MS + 1000


def test_clock_follows_when_the_leaders_was_set_back() -> None:
    clock = BrokerClock()
    clock.add_sample(0, appended_ms=BROKER_MS, acknowledged_s=100.0)

    for second in range(1, SAMPLES_MAX + 1):
        clock.add_sample(
            0, appended_ms=BROKER_MS + second * 1000 - 5000, acknowledged_s=100.0 + second
        )

    assert clock.now_ms(0, 120.0) == BROKER_MS + 15_000


def test_each_partition_has_its_own_leaders_time_when_they_differ() -> None:
    clock = BrokerClock()

    clock.add_sample(0, appended_ms=BROKER_MS, acknowledged_s=100.0)
    clock.add_sample(1, appended_ms=BROKER_MS + 7000, acknowledged_s=100.0)

    assert clock.now_ms(1, 100.0) - clock.now_ms(0, 100.0) == 7000


def test_our_own_clock_is_asked_when_nothing_was_heard_of_a_partition() -> None:
    clock = BrokerClock()
    clock.add_sample(0, appended_ms=BROKER_MS, acknowledged_s=100.0)
    clock.drop(0)

    own_ms = time.time() * 1000
    shown_ms = clock.now_ms(0, time.monotonic())

    assert abs(shown_ms - own_ms) < 5000
    assert clock.ahead_ms(0, time.monotonic()) == 0
