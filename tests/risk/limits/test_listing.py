"""What holds for an account: each parameter with the document that says it, and what does not."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.risk.limits.document import NAMES, canonical
from pipeline.risk.limits.listing import InForce, listing
from pipeline.risk.rules import RULES

EVERYONE: dict[str, dict[str, Any]] = {
    "daily_loss": {"daily_loss_ratio_max": "0.06"},
    "margin": {"leverage": 2},
    "order_ratio": {"order_ratio_max": "0.2"},
}
OWN: dict[str, dict[str, Any]] = {
    "daily_loss": {"on_breach": "halt"},
    "order_ratio": {"order_ratio_max": None},
    "drawdown": {"enabled": False},
}
LISTED = listing(canonical(EVERYONE), canonical(OWN))


def test_every_parameter_is_listed_when_nothing_is_published() -> None:
    found = listing("{}", "{}")

    names = [(name, each) for name, kind in NAMES.items() for each in kind.__struct_fields__]
    assert [*found.parameters] == names
    assert {each.level for each in found.parameters.values()} == {"default"}


@pytest.mark.parametrize(
    ("place", "value", "level"),
    [
        ("daily_loss.daily_loss_ratio_max", Decimal("0.06"), "everyone"),
        ("daily_loss.on_breach", "halt", "own"),
        ("daily_loss.daily_loss_max", None, "default"),
        ("order_ratio.order_ratio_max", None, "own"),
        ("weekly_loss.weekly_loss_ratio_max", Decimal("0.05"), "default"),
        ("cash.enabled", True, "default"),
    ],
)
def test_parameter_has_its_value_and_origin_when_it_is_listed(
    place: str, value: Any, level: Any
) -> None:
    name, parameter = place.split(".")

    assert LISTED.parameters[name, parameter] == InForce(value, level)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("cash", "margin replaces it"),
        ("order_ratio", "it has no limit"),
        ("drawdown", "it is off"),
        ("daily_loss", None),
        ("heartbeat", None),
    ],
)
def test_rule_that_does_not_judge_says_why_when_it_is_listed(rule: str, why: str | None) -> None:
    assert LISTED.idle.get(rule) == why


def test_heartbeat_is_idle_when_its_age_is_0() -> None:
    found = listing(canonical({"heartbeat": {"heartbeat_age_ms_max": 0}}), "{}")

    assert found.idle["heartbeat"] == "heartbeat_age_ms_max is 0, which turns it off"


def test_only_rules_without_a_limit_are_idle_when_nothing_is_published() -> None:
    found = listing("{}", "{}")

    assert {name for name, rule in RULES.items() if not rule().ready} == {*found.idle}
    assert found.halves == {}


def test_half_a_rule_says_what_it_lacks_when_it_is_listed() -> None:
    found = listing("{}", canonical({"stopout_guard": {"stopouts_max": 2}}))

    assert found.halves == {"stopout_guard": "does nothing without lookback_ms: set it as well"}
    assert "stopout_guard" not in found.idle


def test_refused_value_has_the_origin_below_it_when_listed() -> None:
    found = listing(canonical(EVERYONE), canonical({"daily_loss": {"daily_loss_ratio_max": "x"}}))

    assert found.parameters["daily_loss", "daily_loss_ratio_max"] == InForce(
        Decimal("0.06"), "everyone"
    )
