"""Which partitions a worker copies: those that the range assignor may give it next."""

import pytest

from pipeline.streams.engine.heirs import _range, copied, next_of


@pytest.mark.parametrize(
    ("owned", "expected"),
    [
        (range(8), {8, 9, 10, 11}),  # The second of three is gone: 12 for each of two.
        (range(8, 16), {*range(8), *range(16, 24)}),
        (range(16, 24), {12, 13, 14, 15}),
    ],
)
def test_partitions_that_one_lost_worker_moves_here_are_copied(
    owned: range, expected: set[int]
) -> None:
    assert next_of(set(owned), 24) == expected


@pytest.mark.parametrize("members", [2, 3, 4, 5, 7, 12, 24])
def test_each_partition_is_copied_by_its_heir_whichever_worker_is_lost(members: int) -> None:
    copies = [next_of(set(_range(index, members, 24)), 24) for index in range(members)]

    for lost in range(members):
        left = [index for index in range(members) if index != lost]
        for place, index in enumerate(left):
            gets = set(_range(place, members - 1, 24))
            assert gets <= copies[index] | set(_range(index, members, 24))


@pytest.mark.parametrize(("members", "most"), [(2, 24), (3, 24), (5, 24), (6, 27), (24, 50)])
def test_copies_are_few_when_all_workers_keep_those_that_may_come(members: int, most: int) -> None:
    copies = [next_of(set(_range(index, members, 24)), 24) for index in range(members)]

    assert 24 <= sum(map(len, copies)) <= most


def test_nothing_is_copied_when_a_worker_is_alone_or_its_range_is_unknown() -> None:
    assert next_of(set(range(24)), 24) == set()
    assert next_of({0, 5}, 24) == set()


def test_idle_worker_copies_the_last_partition_when_it_may_get_that() -> None:
    assert next_of(set(), 4) == {3}


def test_setting_decides_what_is_copied_when_partitions_are_owned() -> None:
    assert copied("off", [0], 2) == []
    assert copied("next", [0], 2) == [1]
    assert copied("all", [1], 4) == [0, 2, 3]
