"""A symbol that moves far more than it does in the long run takes no entries."""

import pytest

from pipeline.streams.settings import Settings
from tests.spec.desk import (
    MINUTE,
    Desk,
    answer_of,
    assert_not_judged,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import only

SHORT = Settings.model_construct(long_run_bars=2)


def desk_with(closes: list[str], **parameters: object) -> Desk:
    """Open a desk judged by this rule alone, with a long run of two returns."""
    desk = open_desk(only(volatility_halt=parameters), mark=None, settings=SHORT)
    for close in closes:
        desk.price(close)
        desk.wait(MINUTE)
    desk.price(100)
    return desk


# Up and down by the same return, ln 1.1: that is the EWMA and the standard deviation alike.
@pytest.mark.parametrize(
    ("ratio", "answer"),
    [
        ("1.0001", ("approved", "1", [], None)),
        ("1", ("approved", "1", [], None)),
        ("0.9999", ("rejected", "0", ["volatility_halt"], None)),
    ],
)
def test_entry_is_refused_when_the_market_is_wilder_than_allowed(
    ratio: str, answer: tuple[object, ...]
) -> None:
    desk = desk_with(["100", "110", "100"], volatility_ratio_max=ratio)

    assert answer_of(desk.signal("buy", 1)) == answer


# Returns of ln 1.1 and ln 0.9. EWMA: root of 0.94 x ln(1.1)^2 + 0.06 x ln(0.9)^2. Long run: half of
# ln(1.1 / 0.9), as two returns deviate from their mean by half their difference.
def test_numbers_are_the_volatilities_when_it_is_judged() -> None:
    decision = desk_with(["100", "110", "99"], volatility_ratio_max="2").signal("buy", 1)

    _, measured, limit, _ = numbers_of(decision, "volatility_halt")

    assert (measured, limit) == ("0.0959428936788", "0.200670695462")


def test_limit_is_three_long_runs_when_no_document_says_otherwise() -> None:
    decision = desk_with(["100", "110", "99"]).signal("buy", 1)

    assert numbers_of(decision, "volatility_halt")[2] == "0.301006043193"


@pytest.mark.parametrize(("required", "verdict"), [(False, "approved"), (True, "rejected")])
def test_unknown_volatility_refuses_only_when_history_is_required(
    *, required: bool, verdict: str
) -> None:
    desk = desk_with(["100", "110"], require_history=required)

    decision = desk.signal("buy", 1)

    assert decision["verdict"] == verdict
    shown = "breach" if required else "pass"
    assert numbers_of(decision, "volatility_halt") == (shown, None, None, None)


def test_exit_passes_when_the_market_is_wild() -> None:
    desk = desk_with(["100", "110", "99"], volatility_ratio_max="0.1")
    desk.fill("buy", 2, 100)

    assert answer_of(desk.signal("sell", 2)) == ("approved", "2", [], None)
    assert answer_of(desk.signal("sell", 1))[0] == "rejected"


@pytest.mark.parametrize(
    ("closes", "unit", "message"),
    [
        (["100", "110", "99"], "ratio",
         "Volatility per bar is 0.0959429, above the limit of 0.0100335."),
        (["100"], None, "The symbol's volatility is unknown, and a price history is required."),
    ],
)  # fmt: skip
def test_breach_is_explained_with_the_volatilities(
    closes: list[str], unit: str | None, message: str
) -> None:
    desk = desk_with(closes, volatility_ratio_max="0.1", require_history=True)

    # A tenth of the long run, which is half of ln(1.1 / 0.9).
    assert explained(desk.signal("buy", 1), "volatility_halt") == (unit, message)


def test_exit_is_exempt_when_the_market_is_wild() -> None:
    desk = desk_with(["100", "110", "99"], volatility_ratio_max="0.1")
    desk.fill("buy", 2, 100)

    assert numbers_of(desk.signal("sell", 2), "volatility_halt")[0] == "exempt"


def test_entry_in_a_wild_market_passes_when_the_rule_is_turned_off() -> None:
    desk = desk_with(["100", "110", "99"], volatility_ratio_max="0.1", enabled=False)

    assert_not_judged(desk.signal("buy", 1), "volatility_halt")
