"""The lot of `make mutation`: fair, repeatable, and honest about its size."""

import pytest

from bench.sampling import drawn, interval

NAMES = [f"m{number}" for number in range(1000)]


def test_sample_is_the_same_when_the_names_come_in_another_order() -> None:
    assert drawn(NAMES, 20, seed=1) == drawn(reversed(NAMES), 20, seed=1)


def test_sample_is_another_when_the_seed_is() -> None:
    assert drawn(NAMES, 20, seed=1) != drawn(NAMES, 20, seed=2)


def test_what_is_left_stays_drawn_when_a_name_is_gone() -> None:
    before = drawn(NAMES, 20, seed=1)

    after = drawn([name for name in NAMES if name != before[3]], 20, seed=1)

    assert [*before[:3], *before[4:]] == after[:19]


def test_all_are_drawn_when_the_sample_is_larger_than_the_whole() -> None:
    assert sorted(drawn(NAMES, 2000, seed=1)) == sorted(NAMES)


@pytest.mark.parametrize(
    ("hits", "size", "low", "high"),
    # 8 of 10: (0.8 + 0.192073) / 1.384146 -+ 1.959964 * sqrt(0.016 + 0.0096036) / 1.384146.
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)],
)
def test_interval_is_wilsons_when_a_share_is_measured(
    hits: int, size: int, low: float, high: float
) -> None:
    assert interval(hits, size) == pytest.approx((low, high), abs=5e-5)
