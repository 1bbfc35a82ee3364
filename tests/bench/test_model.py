"""The model of large deployments: its arithmetic, and that the page shows it."""

import re

from bench.model import LOGS, PAGE, Inputs, accounts_max, events_of, lines


def test_revaluations_stay_within_their_budget_when_a_partition_has_many_accounts() -> None:
    assert events_of(1000) == 250  # 50 of its own, 200 revaluations.
    assert events_of(10_000) == 2500  # 500 and 2000.
    assert events_of(20_000) == 3000  # 1000 and still 2000.


def test_accounts_of_a_worker_are_bounded_by_half_a_core() -> None:
    assert accounts_max(Inputs(50.0, 100.0)) == 160_000  # 10,000 events/s, 2000 revaluations.
    assert accounts_max(Inputs(500.0, 100.0)) == 4000  # 1000 events/s: within the budget.


def test_row_follows_from_its_inputs_when_there_are_a_thousand_partitions() -> None:
    *_, row = lines(Inputs(60.0, 256.0))

    # 2,500,000 events/s x 60 us are 150 s of CPU a second, on half of each core: 300 workers.
    logs = 1000 * LOGS * 3
    assert row == (
        f"| 1,000 | 10,000,000 | 2,500,000 | 300 | 3.3 | 75.0 | {logs:,} "
        f"| {-(-logs // 4000)} | 126,000,000 |"
    )


def test_page_shows_what_follows_from_the_inputs_that_it_names() -> None:
    shown = PAGE.read_text().partition("<!-- model:begin -->\n")[2].partition("<!-- model:end")[0]
    found = re.match(r"From ([\d.]+) us of CPU per event and ([\d.]+) MiB", shown)

    assert found is not None
    assert shown.splitlines() == list(lines(Inputs(float(found[1]), float(found[2]))))
