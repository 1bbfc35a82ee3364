"""The risk score: doubt 0.3, size 0.25, drawdown 0.25, volatility 0.2, each share from 0 to 1."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.streams.settings import Settings
from tests.spec.desk import (
    MINUTE,
    Desk,
    Row,
    answer_of,
    assert_not_judged,
    checks_of,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import Rules, only

SHORT = Settings.model_construct(long_run_bars=2)


def desk_down(loss: object, **rules: dict[str, Any]) -> Desk:
    """Open a desk with 10 000 that lost some of it, judged by the score and these rules."""
    desk = open_desk(only(risk_score={}, **rules))
    desk.fill("buy", 1, str(100 + Decimal(str(loss))))
    desk.fill("sell", 1, 100)
    return desk


def buy(desk: Desk, quantity: int, confidence: object = 0, **fields: Any) -> Row:
    return desk.signal("buy", quantity, limit_price="100", confidence=str(confidence), **fields)


# At 9900 the largest position is 990, so 1000 is all of it: 0.25. Down by 0.01 of 0.05: 0.05.
@pytest.mark.parametrize(
    ("confidence", "score", "answer"),
    [
        ("0.01", "0.597", ("approved", "10", [], None)),
        ("0", "0.6", ("approved", "10", [], None)),
    ],
)
def test_order_passes_when_it_scores_at_most_six_tenths(
    confidence: str, score: str, answer: tuple[object, ...]
) -> None:
    decision = buy(desk_down(100), 10, confidence)

    assert (decision["risk_score"], answer_of(decision)) == (score, answer)


# Down by 0.011 of 0.05: 0.055.
def test_order_is_halved_once_when_it_scores_just_above_six_tenths() -> None:
    decision = buy(desk_down(110), 15)

    assert decision["risk_score"] == "0.605"
    assert answer_of(decision) == ("modified", "7", ["risk_score"], "risk_score")
    assert numbers_of(decision, "risk_score") == ("breach", "0.605", "0.6", "-0.005")


# Down by all of 0.05 and more: 0.25; doubt, size and that make 0.8.
def test_order_is_halved_when_it_scores_exactly_eight_tenths() -> None:
    decision = buy(desk_down(1000), 10)

    assert decision["risk_score"] == "0.8"
    assert answer_of(decision) == ("modified", "5", ["risk_score"], "risk_score")


# Up and down by the same return: the volatility is that of the long run, a third of the limit.
def wild_desk(loss: int, closes: list[int], **parameters: object) -> Desk:
    desk = open_desk(only(risk_score={}, volatility_halt=parameters), mark=None, settings=SHORT)
    for close in closes:
        desk.price(close)
        desk.wait(MINUTE)
    desk.price(100)
    desk.fill("buy", 1, 100 + loss)
    desk.fill("sell", 1, 100)
    return desk


@pytest.mark.parametrize(
    ("loss", "confidence", "score"),
    [(1000, "0", "0.8666"), (0, "1", "0.3166"), (1000, "1", "0.5666")],
)
def test_volatility_adds_a_share_of_its_limit_when_it_is_known(
    loss: int, confidence: str, score: str
) -> None:
    decision = buy(wild_desk(loss, [100, 110, 100]), 10, confidence)

    assert decision["risk_score"].startswith(score)


def test_order_is_refused_when_it_scores_above_eight_tenths() -> None:
    decision = buy(wild_desk(1000, [100, 110, 100]), 10)

    assert answer_of(decision) == ("rejected", "0", ["risk_score"], None)
    assert numbers_of(decision, "risk_score")[2] == "0.8"


def test_volatility_adds_nothing_when_it_is_unknown() -> None:
    decision = buy(wild_desk(0, [100, 110]), 10, 1)

    assert decision["risk_score"] == "0.25"


# Four of 100 are 400 of 900: 0.111; doubt 0.3 and drawdown 0.25 make 0.661. Ten would make 0.8.
def test_score_is_taken_at_the_size_that_other_rules_leave() -> None:
    desk = desk_down(1000, position_quantity={"position_quantity_max": 4})

    decision = buy(desk, 10)

    assert decision["risk_score"].startswith("0.6611")
    reasons = ["position_quantity", "risk_score"]
    assert answer_of(decision) == ("modified", "2", reasons, "risk_score")


# One of 100 is a ninth of 900: 0.0277; with doubt 0.3 and drawdown 0.25 below six tenths.
def test_other_rule_binds_when_the_score_allows_what_it_leaves() -> None:
    desk = desk_down(1000, position_quantity={"position_quantity_max": 1})

    decision = buy(desk, 10)

    assert decision["risk_score"].startswith("0.5777")
    assert answer_of(decision) == (
        "modified", "1", ["position_quantity"], "position_quantity",
    )  # fmt: skip
    assert checks_of(decision)["risk_score"]["verdict"] == "pass"


def test_order_is_refused_when_half_of_it_is_no_lot() -> None:
    desk = desk_down(1000)
    buy(desk, 8, 1)

    decision = buy(desk, 1)

    assert answer_of(decision) == ("rejected", "0", ["risk_score"], "risk_score")


LIMITS: list[tuple[Rules, str]] = [
    ({"position_ratio": {"enabled": False, "position_ratio_max": "1"}}, "0.25"),
    ({"position_ratio": {"position_ratio_max": "0.2"}}, "0.125"),
    ({"position_ratio": {"position_ratio_max": {"X": "0.5"}}}, "0.05"),
    ({"position_ratio": {"position_ratio_max": {"Y": "0.5"}}}, "0.25"),
]


@pytest.mark.parametrize(("rules", "score"), LIMITS)
def test_limit_of_a_rule_counts_at_its_default_when_that_is_off(rules: Rules, score: str) -> None:
    desk = open_desk(only(risk_score={}, **rules))

    assert buy(desk, 10, 1)["risk_score"] == score


def test_absent_confidence_counts_as_one() -> None:
    decision = open_desk(only(risk_score={})).signal("buy", 2, limit_price="100")

    assert decision["risk_score"] == "0.05"


def test_exit_passes_with_its_score_shown_when_it_is_high() -> None:
    desk = desk_down(1000)
    desk.fill("buy", 20, 100)

    decision = desk.signal("sell", 20, limit_price="100", confidence="0")

    assert answer_of(decision) == ("approved", "20", [], None)
    assert checks_of(decision)["risk_score"]["verdict"] == "exempt"


# Long 10, sell 16: short 6 in the end, two thirds of 900: 0.55 + 0.1666. Half would be 8.
def test_opposite_order_keeps_its_exit_when_half_is_less() -> None:
    desk = desk_down(1000)
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 16, limit_price="100", confidence="0")

    assert decision["risk_score"].startswith("0.7166")
    assert answer_of(decision) == ("modified", "10", ["risk_score"], "risk_score")


def test_opposite_order_is_cut_to_the_exit_when_it_scores_too_high() -> None:
    desk = wild_desk(1000, [100, 110, 100])
    desk.fill("buy", 5, 100)

    decision = desk.signal("sell", 16, limit_price="100", confidence="0")

    assert answer_of(decision) == ("modified", "5", ["risk_score"], "risk_score")


def test_score_is_not_told_when_the_rule_is_off() -> None:
    assert buy(open_desk(only()), 1)["risk_score"] is None


def test_score_is_unknown_and_refuses_when_equity_is() -> None:
    desk = open_desk(only(risk_score={}, stale_mark={}), mark=None)

    decision = desk.signal("buy", 1)

    assert (decision["risk_score"], decision["reasons"]) == (None, ["stale_mark"])


def test_order_is_refused_without_a_score_when_no_equity_is_left() -> None:
    desk = open_desk(only(risk_score={}), balance=0)

    decision = buy(desk, 1)

    assert answer_of(decision) == ("rejected", "0", ["risk_score"], None)
    assert numbers_of(decision, "risk_score") == ("breach", None, "0.6", None)


@pytest.mark.parametrize(
    ("rules", "loss", "message"),
    [
        ({}, 110, "The risk score is 0.605; above 0.6 it halves the order."),
        ({}, 1000, "The risk score is 0.8; above 0.6 it halves the order."),
    ],
)
def test_breach_says_what_the_score_does(
    rules: dict[str, dict[str, Any]], loss: int, message: str
) -> None:
    decision = buy(desk_down(loss, **rules), 15)

    assert explained(decision, "risk_score") == ("ratio", message)


def test_high_score_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(risk_score={"enabled": False}))

    assert_not_judged(buy(desk, 10), "risk_score")
