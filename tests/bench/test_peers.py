"""The pure parts of `make bench-peers`: what is compared, sums of runs, who meets a goal."""

import os
from pathlib import Path
from typing import Any

import pytest

from bench.core import CoreBench, usual_rules
from bench.passthrough import count_event
from bench.peers import builds
from bench.peers.agreement import difference
from bench.peers.builds import COMPILED, PURE, Builds
from bench.peers.core import EVENT, MIX, ours
from bench.peers.cost import Cost
from bench.peers.goals import Goal, Measured, goals
from bench.peers.mix_cost import Kept, spent_us
from bench.peers.rules import usual_limits
from bench.peers.sides import PASSTHROUGH, RISK, STREAMS
from bench.peers.spent import busiest_thread, spent_by
from bench.peers.spread import Spread, percentile, ratios, spread
from bench.peers.tables import page
from bench.prefill import Prefill
from pipeline.streams.settings import Settings

WHOLE_200 = ("riskgate, whole way", 200)


def decision(**changes: Any) -> dict[str, Any]:
    check = {"rule": "cash", "verdict": "pass", "measured": "5", "limit": "9", "unit": "money"}
    aged = {"rule": "signal_age", "verdict": "pass", "measured": "3", "limit": "5", "unit": "ms"}
    numbers = dict.fromkeys(("equity", "drawdown_ratio", "daily_pnl", "weekly_pnl"), "1")
    return {
        **numbers, "verdict": "approved", "approved_quantity": "2", "limit_price": "7",
        "stop_price": None, "reasons": [], "trading_state": "active", "checks": [check, aged],
        **changes,
    }  # fmt: skip


def cost(process_us: float, thread_us: float) -> list[Cost]:
    return [Cost(process_us, thread_us, 10_000.0)]


def measured(**changes: Any) -> Measured:
    build = COMPILED
    cores = {
        (ours(build, "usual"), "step"): [12.5],
        (ours(build, "usual"), "step and encode"): [17.1],
        (ours(build, MIX), EVENT): [20.0],
    }
    costs = {RISK[build]: cost(36.0, 29.0), STREAMS: cost(60.0, 30.0), PASSTHROUGH: cost(12.0, 9.0)}
    delays = {WHOLE_200: [[4.0, 5.0, 6.0], [5.0, 5.0, 40.0]]}
    return Measured(**{"cores": cores, "costs": costs, "delays": delays, **changes})


def test_middle_is_the_median_when_runs_are_summed_up() -> None:
    assert spread([3.0, 1.0, 10.0]) == Spread(1.0, 3.0, 10.0)
    assert spread([3.0, 1.0, 10.0]).text() == "3.0 (1.0 to 10.0)"


def test_ratio_is_taken_run_by_run_when_two_sides_are_compared() -> None:
    assert ratios([1.0, 2.0, 9.0], [2.0, 2.0, 3.0]) == Spread(0.5, 1.0, 3.0)


@pytest.mark.parametrize(
    ("share", "found"), [(0.5, 2.0), (0.51, 3.0), (0.99, 4.0), (1.0, 4.0), (0.0, 1.0)]
)
def test_percentile_is_one_of_the_numbers_when_it_is_taken(share: float, found: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == found


@pytest.mark.parametrize(("value", "verdict"), [(5.0, "ok"), (5.01, "missed")])
def test_goal_is_met_at_its_bound_when_less_is_better(value: float, verdict: str) -> None:
    line = Goal("x", value, 5.0, " ms").line()

    assert line == f"GOAL x: {value:.2f} ms (goal <= 5 ms) {verdict}"


@pytest.mark.parametrize(("value", "verdict"), [(5.0, "ok"), (4.99, "missed")])
def test_goal_is_met_at_its_bound_when_more_is_better(value: float, verdict: str) -> None:
    line = Goal("x", value, 5.0, " /s", is_floor=True).line()

    assert line == f"GOAL x: {value:.2f} /s (goal >= 5 /s) {verdict}"


def test_goal_is_missed_when_nothing_was_measured() -> None:
    assert Goal("x", None, 5.0, "").line() == "GOAL x: not measured (goal <= 5) missed"


def test_goals_are_judged_by_what_was_measured_when_a_run_ends() -> None:
    values = {goal.name: (goal.value, goal.is_met) for goal in goals(measured())}

    assert values["whole way at 200/s, p50"] == (5.0, True)
    assert values["whole way at 200/s, p99"] == (40.0, False)
    assert values["whole way at 2000/s, p99"] == (None, False)
    assert values["core, usual rules"] == (80_000.0, True)
    assert values["step and encode, usual rules"] == (17.1, False)
    assert values["role / Kafka Streams, CPU of the process"] == (0.6, True)  # 36 / 60.
    assert values["role around its work / quixstreams' pass-through, thread"] == (1.0, True)


def test_pure_core_is_judged_when_there_is_no_compiled_one() -> None:
    found = measured(cores={(ours(PURE, "usual"), "step"): [50.0]}, costs={})

    assert {goal.name: goal.value for goal in goals(found)}["core, usual rules"] == 20_000.0


def test_page_names_conditions_and_every_side_when_it_is_made() -> None:
    text = page(measured(), "Measured on paper.", ["Nobody is absent."])

    assert text.startswith("Measured on paper.\nNobody is absent.\n\n| CPU per event |")
    assert f"| {STREAMS} | 0.60 (0.60 to 0.60) | 0.97 (0.97 to 0.97) | 60.0 (" in text
    assert text.endswith(("missed\n```\n", "ok\n```\n"))


def test_times_may_differ_when_two_decisions_agree() -> None:
    late = decision()
    late["checks"][1] = {**late["checks"][1], "measured": "4"}

    assert difference(decision(), late) == ""


def test_number_is_named_when_two_decisions_differ() -> None:
    dear = decision(equity="2")
    dear["checks"][0] = {**dear["checks"][0], "measured": "6"}

    assert difference(decision(), dear) == (
        "equity is 2 instead of 1, cash is ('pass', '9', '6') instead of ('pass', '9', '5')"
    )


def test_check_is_named_when_only_one_of_two_decisions_has_it() -> None:
    more = decision()
    more["checks"] = [*more["checks"], {**more["checks"][0], "rule": "margin"}]

    assert difference(decision(), more) == "margin is ('pass', '9', '5') instead of None"
    assert difference(more, decision()) == "margin is None instead of ('pass', '9', '5')"


def test_cpu_is_counted_when_a_process_works() -> None:
    before = spent_by(os.getpid(), os.getpid())
    while (
        spent_by(os.getpid(), os.getpid()).thread_us - before.thread_us < 200_000
    ):  # The kernel adds to a process later than to its threads.
        sum(range(10_000))
    after = spent_by(os.getpid(), os.getpid())

    assert after.process_us - before.process_us >= 10_000
    assert busiest_thread(os.getpid(), "") > 0


def test_thread_is_missing_when_no_name_begins_so() -> None:
    with pytest.raises(LookupError, match="has no thread named nobody"):
        busiest_thread(os.getpid(), "nobody")


def test_usual_rules_are_the_only_ones_when_peers_are_compared() -> None:
    enabled = {
        name for name, rule in usual_limits().rules.items() if rule.get("enabled", True) is True
    }

    assert "value_at_risk" not in enabled
    assert {"order_notional", "order_rate"} <= enabled


def test_role_work_is_decided_and_saved_when_it_is_measured() -> None:
    kept = Kept()
    feed = Prefill(Settings(partitions=1), limits=usual_limits(), producer=kept)
    feed.open_accounts(positions=1)
    opened = len(kept.events)
    feed.ask(3)

    assert opened == 1 + 2 * 100  # Limits; an opening and a fill for each account.
    assert len(kept.events) == feed.written == opened + 1 + 2 * 3
    assert spent_us(kept.events, opened) > 0


def test_account_holds_as_many_positions_as_asked_when_it_is_opened() -> None:
    bench = CoreBench(usual_rules(), positions=3)

    assert bench.account is not None
    assert len(bench.account.holdings) == 3
    assert len(bench.signals(7)) == 7
    assert len(bench.contents) == 1 + 1 + 3 + 3 + 5  # Limits, opening, fills, marks, reservations.


def test_state_counts_events_when_the_dataframe_sees_them() -> None:
    kept: dict[str, Any] = {}

    class State:
        def get(self, key: str, default: Any) -> Any:
            return kept.get(key, default)

        def set(self, key: str, value: Any) -> None:
            kept[key] = value

    event = {"quote": {"symbol": "A", "bid": "1"}, "body": {"signal_id": "s"}}
    count_event(event, State())  # type: ignore[arg-type]

    assert count_event(event, State()) == {"signal_id": "s", "sequence": 2}  # type: ignore[arg-type]
    assert kept == {"account": {"sequence": 2, "bids": {"A": "1"}}}


def test_compiled_core_is_absent_when_python_imports_the_pure_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(builds, "build", lambda: tmp_path)
    monkeypatch.setattr(builds, "BUILT", tmp_path)

    found = builds.builds(compiles=True)

    assert found == Builds((PURE,), f"Python does not import the compiled core of {tmp_path}.")


@pytest.mark.parametrize(("late_ms", "shown"), [(500.0, "| 5000 |"), (501.0, "not carried here |")])
def test_row_says_that_a_rate_was_not_carried_when_a_backlog_was_left(
    late_ms: float, shown: str
) -> None:
    delays = {("riskgate, whole way", 5000): [[1.0, late_ms]] * 3}

    row = next(
        line for line in page(measured(delays=delays), "", []).splitlines() if "5000" in line
    )

    assert shown in row
