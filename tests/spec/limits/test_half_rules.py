"""A rule of which only a part is set: a document is refused; where it comes later, every entry."""

from typing import Any

import pytest

from pipeline.risk.rules import RULES
from tests.spec.desk import ACCOUNT, MINUTE, Desk, checks_of, numbers_of, open_desk
from tests.spec.desks import entry
from tests.spec.limits.test_limits import EVERY_NAME
from tests.spec.rulebook import only

GUARD = {"stopouts_max": 2, "lookback_ms": 10 * MINUTE}
COUNT = "circuit_breaker.loss_count_max: does nothing without"
RUN = "circuit_breaker.consecutive_losses_max: does nothing without"
BREAKER = {"consecutive_losses_max": 3, "cooldown_ms": MINUTE}
# Rules that have no limit by themselves, and their parameters that are a limit all alone.
LIMITS = {
    "restricted_symbols": ["denied", "allowed"],
    "order_notional": ["order_notional_max"],
    "order_ratio": ["order_ratio_max"],
    "position_quantity": ["position_quantity_max"],
    "net_exposure": ["net_exposure_ratio_max"],
    "group_exposure": ["group_exposure_ratio_max"],
    "open_positions": ["open_positions_max"],
    "margin": ["initial_margin_ratio", "leverage"],
    "value_at_risk": ["var_ratio_max"],
    "circuit_breaker": [],
    "stopout_guard": [],
    "trailing_stop": ["trailing_ratio"],
    "time_stop": ["hold_ms_max"],
    "volatility_stop": ["volatility_multiple"],
}
ALONE = [
    (name, parameter)
    for name, rule in RULES.items()
    for parameter in rule.__struct_fields__
    if parameter != "enabled"
]


def told(desk: Desk) -> list[str]:
    """Return the messages of the alerts about limits."""
    return [row["message"] for row in desk.alerts("limits")]


@pytest.mark.parametrize(("name", "parameter"), ALONE)
def test_parameter_alone_is_taken_when_its_rule_needs_no_other(name: str, parameter: str) -> None:
    desk = open_desk(only())
    value = EVERY_NAME[name].get(parameter, "warn" if parameter == "on_breach" else 1)

    desk.limits({name: {parameter: value}})

    taken = name not in LIMITS or parameter in LIMITS[name]
    assert told(desk) == [] if taken else f"rules.{name}.{parameter}: does nothing" in told(desk)[0]


@pytest.mark.parametrize("name", LIMITS)
def test_rule_is_not_turned_on_when_it_has_no_limit(name: str) -> None:
    desk = open_desk(only())

    desk.limits({name: {"enabled": True}})

    assert f"rules.{name}.enabled: does nothing without " in told(desk)[0]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"stopout_guard": {"stopouts_max": 1}},
         "stopout_guard.stopouts_max: does nothing without lookback_ms: set it as well"),
        ({"circuit_breaker": {"loss_count_max": 3, "cooldown_ms": 1}},
         f"{COUNT} window_ms: set it as well"),
        ({"circuit_breaker": {"rapid_loss_ratio": "0.05", "cooldown_ms": 1}},
         "circuit_breaker.rapid_loss_ratio: does nothing without rapid_window_ms: set it as well"),
        ({"circuit_breaker": {"loss_count_max": 3}},
         f"{COUNT} window_ms and cooldown_ms: set them as well"),
        ({"circuit_breaker": {"consecutive_losses_max": 3}},
         f"{RUN} cooldown_ms: set it as well"),
        ({"circuit_breaker": BREAKER | {"loss_count_max": 9}},
         f"{COUNT} window_ms: set it as well"),
    ],
)  # fmt: skip
def test_refusal_names_what_is_missing_when_half_a_rule_is_set(
    rule: dict[str, Any], said: str
) -> None:
    desk = open_desk(only())

    desk.limits(rule)

    assert told(desk) == [f"version 2 is refused: rules.{said}"]
    assert entry(desk)["limits_version"] == "1.0"


def test_half_a_rule_is_taken_when_it_is_off() -> None:
    desk = open_desk(only())

    desk.limits({"stopout_guard": {"enabled": False, "stopouts_max": 1}})

    assert told(desk) == []


def test_account_sets_half_a_rule_when_everyone_has_the_other() -> None:
    desk = open_desk(only(stopout_guard=GUARD))

    desk.limits({"stopout_guard": {"stopouts_max": 5}}, account=ACCOUNT, version=1)

    assert told(desk) == []
    assert numbers_of(entry(desk), "stopout_guard") == ("pass", None, None, None)
    assert entry(desk)["limits_version"] == "1.1"


def test_account_is_refused_half_a_rule_when_everyone_has_nothing_of_it() -> None:
    desk = open_desk(only())

    desk.limits({"stopout_guard": {"enabled": True, **GUARD, "lookback_ms": None}},
                account=ACCOUNT, version=1)  # fmt: skip

    assert "rules.stopout_guard.stopouts_max: does nothing without lookback_ms" in told(desk)[0]


def test_account_cannot_take_away_half_of_what_everyone_has() -> None:
    desk = open_desk(only(stopout_guard=GUARD))

    desk.limits({"stopout_guard": {"stopouts_max": None}}, account=ACCOUNT, version=1)

    assert "rules.stopout_guard.lookback_ms: does nothing without stopouts_max" in told(desk)[0]
    assert checks_of(entry(desk))["stopout_guard"]["verdict"] == "pass"


def taken_away() -> Desk:
    """Return a desk whose account relied on what `*` no longer has."""
    desk = open_desk(only(stopout_guard=GUARD))
    desk.limits({"stopout_guard": {"stopouts_max": 5}}, account=ACCOUNT, version=1)
    desk.fill("buy", 10, 100)
    desk.limits({name: values for name, values in only().items() if name != "stopout_guard"})
    return desk


def test_no_entry_passes_when_everyone_takes_away_what_an_account_relied_on() -> None:
    desk = taken_away()

    asked, exit_ = entry(desk), desk.signal("sell", 10, limit_price="100")

    assert (asked["verdict"], asked["reasons"]) == ("rejected", ["stopout_guard"])
    assert numbers_of(asked, "stopout_guard") == ("breach", None, None, None)
    assert (exit_["verdict"], checks_of(exit_)["stopout_guard"]["verdict"]) == (
        "approved",
        "exempt",
    )


def test_account_tells_once_when_everyone_takes_away_what_it_relied_on() -> None:
    desk = taken_away()

    for _ in range(3):
        entry(desk)

    (alert,) = desk.alerts("limits")
    assert (alert["account_id"], alert["level"], alert["action"]) == (ACCOUNT, "high", "warn")
    assert alert["message"] == (
        "version 2.1: rules.stopout_guard.stopouts_max: does nothing without lookback_ms: "
        "set it as well; until then every entry is rejected"
    )


def test_entries_pass_again_when_the_other_half_is_set() -> None:
    desk = taken_away()
    entry(desk)

    desk.limits({"stopout_guard": {**GUARD}}, account=ACCOUNT, version=2)

    assert entry(desk)["reasons"] == []
    assert len(desk.alerts("limits")) == 1


def test_repeated_document_is_ignored_when_it_would_now_be_refused() -> None:
    desk = taken_away()
    entry(desk)

    desk.limits({"stopout_guard": {"stopouts_max": 5}}, account=ACCOUNT, version=1)

    assert len(desk.alerts("limits")) == 1
