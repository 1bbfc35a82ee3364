"""The histogram counts each decision once, and says what most of them took."""

from pipeline.console.latency import latency


def test_bars_count_up_to_and_with_their_bound_when_decisions_are_known() -> None:
    found = latency([5, 6, None, 2001])

    counts = {bar.most_ms: bar.count for bar in found.bars if bar.count}
    assert counts == {5: 1, 10: 1, None: 1}
    assert (found.count, found.p50_ms, found.p99_ms, found.most_ms) == (3, 6, 2001, 2001)


def test_nothing_is_claimed_when_no_latency_is_known() -> None:
    found = latency([None])

    assert (found.count, found.p50_ms, found.most_ms) == (0, None, None)


def test_half_is_not_exceeded_when_there_are_a_hundred() -> None:
    found = latency(range(1, 101))

    assert (found.p50_ms, found.p99_ms, found.most_ms) == (50, 99, 100)
