"""Which entries are wanted at all: symbol, stop, confidence, number of positions."""

import pytest

from tests.spec.desk import Desk, Row, open_desk
from tests.spec.rulebook import Rules, only


def bought(desk: Desk, symbol: str = "X", **fields: object) -> Row:
    """Ask for one of a symbol and return the decision."""
    return desk.signal("buy", 1, limit_price="100", symbol=symbol, **fields)


@pytest.mark.parametrize(
    "rules",
    [
        {"restricted_symbols": {"denied": "X"}},
        {"restricted_symbols": {"denied": [5]}},
        {"restricted_symbols": {"allowed": ["*"]}},
        {"confidence": {"confidence_min": "1.01"}},
        {"confidence": {"confidence_min": "-0.1"}},
        {"open_positions": {"open_positions_max": -1}},
        {"open_positions": {"open_positions_max": "1.5"}},
        {"stop_side": {"stop_ratio": "0.1"}},
    ],
    ids=str,
)
def test_parameters_are_refused_when_they_mean_nothing(rules: Rules) -> None:
    desk = open_desk(only())

    desk.limits(rules)

    assert len(desk.alerts("limits")) == 1
    assert bought(desk)["limits_version"] == "1.0"
