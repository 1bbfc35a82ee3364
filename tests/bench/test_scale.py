"""The tables of `make bench-scale`."""

import pytest

from bench.scale.accounts import Accounts, accounts_table
from bench.scale.core import imports_table
from bench.scale.history import Stretch, history_table
from bench.scale.sharing import Shared, sharing_table


def test_restored_accounts_are_counted_per_second_when_the_disk_was_empty() -> None:
    row = list(accounts_table([Accounts(10_000, 81.25, 270.4, 31.2, 2.04, 5.0, 98.7)]))[-1]

    assert row == "| 10,000 | 81.2 | 270 | 31 | 2.0 | 5.0 | 2,000 | 99 |"


def test_each_role_has_its_imports_measured_when_the_table_is_made() -> None:
    rows = [line.split(" | ") for line in list(imports_table())[2:]]

    assert [name.removeprefix("| ") for name, _, _ in rows] == [
        "a client: `riskgate`",
        "ingest",
        "risk",
        "broadcast",
        "a role as it starts",
    ]
    assert all(float(resident.removesuffix(" |")) > 1 for _, _, resident in rows)


@pytest.mark.parametrize(("last_us", "ratio"), [(50.0, "1.00"), (75.0, "1.50")])
def test_last_stretch_is_compared_with_the_first_when_history_grows(
    last_us: float, ratio: str
) -> None:
    lines = list(history_table([Stretch(1000, 50.0, 90.0, 3.0), Stretch(2000, last_us, 90.0, 5.0)]))

    assert lines[2] == "| 1,000 | 50.0 | 90 | 3 |"
    assert lines[-1] == f"An event of the last tenth costs {ratio} of one of the first."


def test_share_of_each_worker_is_shown_when_partitions_are_shared() -> None:
    assert list(sharing_table([Shared(2, 61.5, (0.6, 0.4), 120.4)]))[-1] == (
        "| 2 | 61.5 | 60% / 40% | 120 |"
    )
