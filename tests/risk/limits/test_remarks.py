"""What is remarked on in a limits document that is legal: most likely percent, symbols left out."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.profiles import PROFILES, profile_path
from pipeline.risk.limits.document import NAMES
from pipeline.risk.limits.parameters import Parameters
from pipeline.risk.limits.remarks import remarks
from pipeline.streams.limits_file import load_rules

PERIODS = 14


def remarked(**rules: dict[str, Any]) -> list[str]:
    return remarks(rules, atr_periods=PERIODS)


def test_percent_is_asked_for_when_a_ratio_is_above_one() -> None:
    assert remarked(daily_loss={"daily_loss_ratio_max": 2}) == [
        "daily_loss.daily_loss_ratio_max is 2: that is 200 %, is 2 % (0.02) meant?"
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

    assert remarked(**{rule: {parameter: usual_max}}) == []
    assert len(remarked(**{rule: {parameter: str(above)}})) == 1


def test_symbol_is_named_when_its_own_ratio_is_above_one() -> None:
    limits = {"BTC-USD": "1.50", "*": "0.1"}

    assert remarked(position_ratio={"position_ratio_max": limits}) == [
        "position_ratio.position_ratio_max.BTC-USD is 1.5: that is 150 %, is 1.5 % (0.015) meant?"
    ]


def test_all_others_are_missed_when_an_object_has_no_star() -> None:
    limits = {"BTC-USD": "0.05"}

    (remark,) = remarked(position_ratio={"position_ratio_max": limits})

    assert remark.startswith('position_ratio.position_ratio_max has no "*": whatever it does not')
    assert remarked(position_ratio={"position_ratio_max": {**limits, "*": "0.1"}}) == []


def test_nothing_is_remarked_on_when_the_rule_is_off() -> None:
    assert remarked(daily_loss={"daily_loss_ratio_max": 2, "enabled": False}) == []


@pytest.mark.parametrize(("periods", "remarks_count"), [("20", 1), ("14", 0), (14, 0)])
def test_periods_without_effect_are_told_when_the_tables_have_others(
    periods: object, remarks_count: int
) -> None:
    found = remarked(stop={"atr_periods": periods})

    assert ["stop.atr_periods is 20 and has no effect" in each for each in found] == (
        [True] * remarks_count
    )


@pytest.mark.parametrize("name", PROFILES)
def test_nothing_is_remarked_on_when_a_profile_ships(name: str) -> None:
    assert remarks(load_rules(profile_path(name)), atr_periods=PERIODS) == []


class Futures(Parameters, frozen=True, kw_only=True):
    margin_call_ratio_max: Decimal | None = None


def test_new_rule_is_remarked_on_when_nothing_else_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(NAMES, "futures", Futures)

    found = remarked(futures={"margin_call_ratio_max": "30"})

    assert found == ["futures.margin_call_ratio_max is 30: that is 3000 %, is 30 % (0.3) meant?"]
