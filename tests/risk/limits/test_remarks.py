"""What is remarked on in a limits document that is legal: most likely percent, symbols left out."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.profiles import PROFILES, profile_path
from pipeline.risk.limits.document import NAMES
from pipeline.risk.limits.remarks import remarks
from pipeline.risk.parameters import Parameters
from pipeline.streams.admin.limits_file import load_rules


def remarked(**rules: dict[str, Any]) -> list[str]:
    return remarks(rules)


def test_percent_is_asked_for_when_a_ratio_is_above_one() -> None:
    assert remarked(daily_loss={"daily_loss_ratio_max": 2}, weekly_loss={"enabled": False}) == [
        "daily_loss.daily_loss_ratio_max is 2 (200 %); did you mean 2 % (0.02)?"
    ]


@pytest.mark.parametrize(
    ("rule", "parameter", "usual_max"),
    [
        ("daily_loss", "daily_loss_ratio_max", "0.5"),
        ("drawdown", "drawdown_ratio_max", "0.5"),
        ("balance_floor", "balance_ratio_min", "1"),
        ("price_collar", "collar_ratio", "1"),
        ("position_ratio", "position_ratio_max", "1"),
        ("stop", "stop_ratio", "1"),
        ("gross_exposure", "gross_exposure_ratio_max", "20"),
        ("volatility_halt", "volatility_ratio_max", "20"),
    ],
)
def test_ratio_is_remarked_on_when_it_is_above_what_is_usual(
    rule: str, parameter: str, usual_max: str
) -> None:
    above = Decimal(usual_max) + Decimal("0.001")

    counts = [
        sum("did you mean" in each for each in remarked(**{rule: {parameter: value}}))
        for value in (usual_max, str(above))
    ]

    assert counts == [0, 1]


def test_symbol_is_named_when_its_own_ratio_is_above_one() -> None:
    limits = {"BTC-USD": "1.50", "*": "0.1"}

    assert remarked(position_ratio={"position_ratio_max": limits})[:1] == [
        "position_ratio.position_ratio_max.BTC-USD is 1.5 (150 %); did you mean 1.5 % (0.015)?"
    ]


def test_all_others_are_missed_when_an_object_has_no_star() -> None:
    limits = {"BTC-USD": "0.05"}

    (remark,) = remarked(position_ratio={"position_ratio_max": limits})

    assert remark.startswith('position_ratio.position_ratio_max has no "*": names that it does not')
    assert remarked(position_ratio={"position_ratio_max": {**limits, "*": "0.1"}}) == []


def test_nothing_is_remarked_on_when_the_rule_is_off() -> None:
    assert remarked(daily_loss={"daily_loss_ratio_max": 2, "enabled": False}) == []


@pytest.mark.parametrize("name", PROFILES)
def test_nothing_is_remarked_on_when_a_profile_ships(name: str) -> None:
    assert remarks(load_rules(profile_path(name))) == []


@pytest.mark.parametrize("rule", ["daily_loss", "weekly_loss", "drawdown", "balance_floor"])
def test_loss_rule_that_only_warns_is_remarked_on(rule: str) -> None:
    assert remarked(**{rule: {"on_breach": "warn"}}) == [
        f"{rule}.on_breach is warn: entries are rejected, but no loss stops the account"
    ]
    assert remarked(**{rule: {"on_breach": "reduce"}}) == []


def test_exposure_rule_that_only_warns_is_not_remarked_on() -> None:
    assert remarked(gross_exposure={"on_breach": "warn"}) == []


@pytest.mark.parametrize(("week", "count"), [("0.019", 1), ("0.02", 0)])
def test_week_below_the_day_is_remarked_on(week: str, count: int) -> None:
    found = remarked(weekly_loss={"weekly_loss_ratio_max": week})

    assert len(found) == count
    assert all(
        each == "weekly_loss.weekly_loss_ratio_max is 0.019, so "
        "daily_loss.daily_loss_ratio_max of 0.02 is never reached"
        for each in found
    )


@pytest.mark.parametrize(
    ("position", "count"), [("0.81", 1), ("0.8", 0), ({"X": "0.9", "*": "0.1"}, 1)]
)
def test_gross_below_a_position_is_remarked_on(position: Any, count: int) -> None:
    found = remarked(position_ratio={"position_ratio_max": position})

    assert ["gross_exposure_ratio_max is 0.8, so" in each for each in found] == [True] * count


def test_limit_of_the_document_below_counts_when_two_are_compared() -> None:
    below = {"daily_loss": {"daily_loss_ratio_max": "0.06"}}
    rules = {"weekly_loss": {"weekly_loss_ratio_max": "0.05"}}

    (found,) = remarks(rules, below=below)

    assert "daily_loss_ratio_max of 0.06 is never reached" in found
    assert remarks({"cash": {}}, below=below) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"order_ratio": {"order_ratio_max": 0}}, "order_ratio.order_ratio_max is 0: anything"),
        ({"order_rate": {"orders_max": 0}}, "order_rate.orders_max is 0: anything above 0"),
        ({"order_notional": {"order_notional_max": {"X": 5, "*": "0.0"}}}, ": anything above 0"),
        ({"heartbeat": {"heartbeat_age_ms_max": 0}}, "is 0: that turns the rule off"),
        ({"margin": {"leverage": 100}}, "margin.leverage is 100; did you mean 100 times equity?"),
    ],
)
def test_limit_of_0_and_high_leverage_are_remarked_on(rule: Any, said: str) -> None:
    (found,) = remarked(**rule)

    assert said in found


@pytest.mark.parametrize(
    "rule",
    [
        {"order_notional": {"order_notional_max": {"X": 0, "*": 5}}},
        {"prices": {"clock_skew_ms_max": 0}},
        {"cash": {"fee_ratio": 0}},
        {"margin": {"leverage": 20}},
        {"daily_loss": {"daily_loss_max": None}},
    ],
)
def test_what_is_meant_so_is_not_remarked_on(rule: Any) -> None:
    assert remarked(**rule) == []


@pytest.mark.interpreted
def test_new_rule_is_remarked_on_when_nothing_else_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Futures(Parameters, frozen=True, kw_only=True):
        margin_call_ratio_max: Decimal | None = None

    monkeypatch.setitem(NAMES, "futures", Futures)

    found = remarked(futures={"margin_call_ratio_max": "30"})

    assert found == ["futures.margin_call_ratio_max is 30 (3000 %); did you mean 30 % (0.3)?"]
