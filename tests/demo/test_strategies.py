from decimal import Decimal

import pytest

from pipeline.demo.strategies import Opinion, average_move, momentum, reversion

FLAT = [Decimal(100)] * 20


def closes(*last: int) -> list[Decimal]:
    """Twenty closes at 100 but for the last ones."""
    return [*FLAT[: 20 - len(last)], *(Decimal(price) for price in last)]


@pytest.mark.parametrize("strategy", [momentum, reversion])
def test_a_strategy_has_no_opinion_when_the_history_is_short(strategy: object) -> None:
    opinion = momentum(FLAT[:19]) if strategy is momentum else reversion(FLAT[:19])

    assert opinion is None


def test_momentum_goes_with_the_trend() -> None:
    up, down = momentum(closes(110, 110, 110, 110, 110)), momentum(closes(90, 90, 90, 90, 90))

    # Fast 110 over slow 102.5 leads by 7 %, more than the 4 % at which it is sure.
    assert up == Opinion(1, Decimal(1))
    assert down == Opinion(-1, Decimal(1))


def test_momentum_is_half_sure_of_half_a_lead() -> None:
    opinion = momentum(closes(100, 100, 100, 100, 114))

    # 102.8 over 100.7 leads by 2.085 %: 0.5 + 0.5 x 0.02085 / 0.04 = 0.7607.
    assert opinion == Opinion(1, Decimal("0.76"))


def test_momentum_wants_nothing_when_nothing_moves() -> None:
    assert momentum(FLAT) == Opinion(0, Decimal("0.5"))


def test_reversion_goes_against_a_price_far_from_its_average() -> None:
    high, low = reversion(closes(120)), reversion(closes(80))

    # One of twenty far off is sqrt(19) = 4.36 deviations from the average.
    assert high == Opinion(-1, Decimal(1))
    assert low == Opinion(1, Decimal(1))


def test_reversion_gets_out_when_the_price_is_near_its_average() -> None:
    assert reversion(closes(120, 100)) == Opinion(0, Decimal("0.5"))
    assert reversion(FLAT) == Opinion(0, Decimal("0.5"))


def test_the_average_move_is_the_mean_distance_of_two_closes() -> None:
    assert average_move([Decimal(10), Decimal(13), Decimal(12)]) == 2
    assert average_move([Decimal(10)]) == 0
