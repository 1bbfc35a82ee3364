"""Which changes of limits let more through: for each parameter, and where a rule goes."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.risk.limits.document import NAMES, canonical
from pipeline.risk.limits.looser import is_looser, looser, ways
from pipeline.risk.parameters import Parameters

# Of these nobody can say which way is looser, so any change counts as looser.
UNDECIDED = {
    ("trading_state", "halt_exits"),
    ("stopout_guard", "cooldown_ms"),
    ("account", "zone"),
    ("account", "day_roll"),
    ("account", "cash"),
    ("dedupe", "dedupe_horizon_ms"),
    ("dedupe", "dedupe_max"),
    ("stop", "atr_multiple"),
    ("stop", "stop_ratio"),
}
NOTHING: dict[str, Any] = {}


def changed(old: Any, new: Any, own: Any = None) -> list[tuple[str, str | None]]:
    """Return what is looser when the document of `*` changes."""
    account = canonical(own or {})
    return list(looser((canonical(old), account), (canonical(new), account)))


def test_direction_of_each_parameter_is_decided_when_the_rules_are_read() -> None:
    both = {
        (name, parameter)
        for name, kind in NAMES.items()
        for parameter in kind.__struct_fields__
        if parameter not in {"enabled", "on_breach"} and ways(kind, parameter) == (True, True)
    }

    assert both == UNDECIDED


@pytest.mark.parametrize("name", NAMES)
def test_named_directions_are_of_parameters_that_exist_when_the_rules_are_read(name: str) -> None:
    kind: type[Parameters] = NAMES[name]

    assert {*kind.LOOSER_UP, *kind.LOOSER_DOWN, *kind.OFF_AT_ZERO} <= {*kind.__struct_fields__}


@pytest.mark.parametrize(
    ("place", "tighter", "loose"),
    [
        ("daily_loss.daily_loss_ratio_max", "0.01", "0.03"),
        ("daily_loss.daily_loss_max", 5, None),
        ("balance_floor.balance_ratio_min", "0.2", "0.1"),
        ("order_rate.window_ms", 60_001, 59_999),
        ("overfill.window_ms", 3_600_001, 3_599_999),
        ("overfill.overfills_max", 2, 4),
        ("price_collar.collar_ratio", "0.01", "0.02"),
        ("cash.fee_ratio", "0.02", "0.01"),
        ("circuit_breaker.cooldown_ms", 2, 1),
        ("circuit_breaker.half_open_scale", "0.4", "0.5"),
        ("stopout_guard.per_symbol", False, True),
        ("volatility_halt.require_history", True, False),
        ("restricted_symbols.denied", {"A", "B"}, {"A"}),
        ("restricted_symbols.denied", set(), None),
        ("restricted_symbols.allowed", {"A"}, {"A", "B"}),
        ("restricted_symbols.allowed", set(), None),
        ("trading_hours.minutes_before_close", 10, 5),
        ("trading_hours.minutes_before_close", 1, None),
        ("margin.leverage", "0.5", None),
        ("margin.leverage", None, 2),
        ("margin.initial_margin_ratio", None, "0.5"),
        ("margin.initial_margin_ratio", 2, None),
        ("heartbeat.heartbeat_age_ms_max", 5000, 0),
        ("heartbeat.heartbeat_age_ms_max", 4999, 5000),
        ("order_notional.order_notional_max", {"X": 5, "*": 9}, {"X": 6, "*": 9}),
        ("order_notional.order_notional_max", {"X": 5, "*": 9}, {"X": 5}),
        ("order_notional.order_notional_max", {"X": 5, "*": 9}, 9),
        ("order_notional.order_notional_max", 5, {"X": 5}),
        ("daily_loss.on_breach", "flatten", "halt"),
        ("daily_loss.on_breach", "reduce", "warn"),
    ],
)
def test_value_is_looser_one_way_only_when_its_direction_is_known(
    place: str, tighter: Any, loose: Any
) -> None:
    name, parameter = place.split(".")
    old, new = (_exact(value) for value in (tighter, loose))

    assert is_looser(NAMES[name], parameter, old=old, new=new)
    assert not is_looser(NAMES[name], parameter, old=new, new=old)
    assert not is_looser(NAMES[name], parameter, old=old, new=old)


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _exact(item) for name, item in value.items()}
    if isinstance(value, set):
        return frozenset(value)
    return Decimal(value) if isinstance(value, str) and value[:1].isdigit() else value


@pytest.mark.parametrize(("name", "parameter"), sorted(UNDECIDED))
def test_any_change_is_looser_when_the_direction_is_unknown(name: str, parameter: str) -> None:
    for old, new in ((1, 2), (2, 1), (None, 1), (1, None)):
        assert is_looser(NAMES[name], parameter, old=old, new=new)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (NOTHING, {"daily_loss": {"daily_loss_ratio_max": "0.05"}},
         [("daily_loss", "daily_loss_ratio_max")]),
        (NOTHING, {"daily_loss": {"daily_loss_ratio_max": "0.01"}}, []),
        ({"daily_loss": {"daily_loss_ratio_max": "0.01"}}, NOTHING,
         [("daily_loss", "daily_loss_ratio_max")]),
        (NOTHING, {"cash": {"enabled": False}}, [("cash", None)]),
        ({"cash": {"enabled": False}}, NOTHING, []),
        ({"order_ratio": {"order_ratio_max": 1}}, NOTHING,
         [("order_ratio", None), ("order_ratio", "order_ratio_max")]),
        (NOTHING, {"margin": {"leverage": 1}}, [("cash", None)]),
        (NOTHING, {"heartbeat": {"heartbeat_age_ms_max": 0}},
         [("heartbeat", None), ("heartbeat", "heartbeat_age_ms_max")]),
        ({"heartbeat": {"heartbeat_age_ms_max": 0}}, NOTHING, []),
    ],
)  # fmt: skip
def test_documents_are_compared_by_what_is_in_force(
    old: Any, new: Any, found: list[tuple[str, str | None]]
) -> None:
    assert changed(old, new) == found


def test_change_of_everyone_is_not_looser_when_an_account_overrides_it() -> None:
    own = {"daily_loss": {"daily_loss_ratio_max": "0.01"}}

    assert changed(NOTHING, {"daily_loss": {"daily_loss_ratio_max": "0.05"}}, own) == []


def test_rule_is_not_looser_when_it_becomes_half() -> None:
    stop_levels = {"stopout_guard": {"stopouts_max": 2, "lookback_ms": 1}}

    # Every entry is refused then; the lookback itself went.
    assert changed(stop_levels, NOTHING, {"stopout_guard": {"stopouts_max": 2}}) == [
        ("stopout_guard", "lookback_ms")
    ]
