"""Tail risk and performance of a real series, beside what known libraries say of it."""

from decimal import Decimal

import empyrical
import numpy as np
import pytest
from arch.data import sp500
from scipy.stats import norm

from pipeline.risk.statistics.performance import sharpe, sortino, trades_of
from pipeline.risk.statistics.tail_risk import ewma, historical, parametric

CLOSES = sp500.load()["Adj Close"].to_numpy()
RETURNS = CLOSES[1:] / CLOSES[:-1] - 1
LISTED = [float(each) for each in RETURNS]
CONFIDENCES = [0.95, 0.975, 0.99]


def near(value: float) -> object:
    return pytest.approx(value, rel=0, abs=1e-9)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_historical_risk_is_the_libraries_when_returns_are_real(confidence: float) -> None:
    found = historical(LISTED, confidence)

    assert found is not None
    assert found.value_at_risk == near(-empyrical.value_at_risk(RETURNS, 1 - confidence))
    assert found.value_at_risk == near(-np.quantile(RETURNS, 1 - confidence))
    assert found.expected_shortfall == near(
        -empyrical.conditional_value_at_risk(RETURNS, 1 - confidence)
    )


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_parametric_risk_is_scipys_when_returns_are_real(confidence: float) -> None:
    fitted = norm(RETURNS.mean(), RETURNS.std(ddof=1))

    found = parametric(LISTED, confidence)

    assert found is not None
    assert found.value_at_risk == near(-fitted.ppf(1 - confidence))
    tail = fitted.expect(lambda r: -r, lb=-np.inf, ub=fitted.ppf(1 - confidence), conditional=True)
    assert found.expected_shortfall == near(tail)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_ewma_risk_is_that_of_its_weights_when_returns_are_real(confidence: float) -> None:
    weights = 0.06 * 0.94 ** np.arange(len(RETURNS))[::-1]
    weights[0] /= 0.06  # The first squared return begins the average.
    spread = np.sqrt(np.sum(weights * RETURNS**2))

    found = ewma(LISTED, confidence)

    assert found is not None
    assert found.value_at_risk == near(norm.ppf(confidence) * spread)
    tail = norm.pdf(norm.ppf(confidence)) / (1 - confidence)
    assert found.expected_shortfall == near(tail * spread)


def test_ratios_are_the_libraries_when_returns_are_real() -> None:
    assert sharpe(LISTED, 252) == near(empyrical.sharpe_ratio(RETURNS, annualization=252))
    assert sortino(LISTED, 252) == near(empyrical.sortino_ratio(RETURNS, annualization=252))


@pytest.mark.parametrize("returns", [[], [0.01]])
def test_nothing_is_said_when_there_are_fewer_than_two_returns(returns: list[float]) -> None:
    said = [method(returns, 0.99) for method in (historical, parametric, ewma)]

    assert said == [None, None, None]
    assert (sharpe(returns, 252), sortino(returns, 252)) == (None, None)


def test_ratios_are_unknown_when_nothing_varies_or_falls() -> None:
    assert sharpe([0.5, 0.5], 252) is None
    assert sortino([0.01, 0.02], 252) is None


def test_trades_are_summed_when_some_win_and_some_lose() -> None:
    results = [Decimal(made) for made in (30, -10, -5, 0, -5, 10, -20)]

    found = trades_of(results)

    assert (found.ended, found.wins, found.losses) == (7, 2, 4)
    assert (found.profit_factor, found.average_win, found.average_loss) == (
        Decimal(1),
        Decimal(20),
        Decimal(10),
    )
    assert found.win_rate == Decimal("0.2857142857142857142857142857142857")  # 2 of 7.
    assert found.longest_losing_run == 3  # The trade that made nothing ends no run.


def test_trades_have_no_average_when_there_are_none() -> None:
    found = trades_of([])

    assert (found.ended, found.longest_losing_run) == (0, 0)
    assert (found.win_rate, found.profit_factor, found.average_win, found.average_loss) == (
        None,
        None,
        None,
        None,
    )


def test_two_returns_are_enough_when_risk_is_asked_for() -> None:
    returns = [0.01, -0.03]
    tail = norm.pdf(0) / 0.5

    # Half way between both; around their mean with root of 2 x 0.02 squared; around 0 with
    # 0.94 x 0.01 squared + 0.06 x 0.03 squared.
    assert historical(returns, 0.5) == (near(0.01), near(0.03))
    assert parametric(returns, 0.5) == (near(0.01), near(tail * 0.0008**0.5 + 0.01))
    assert ewma(returns, 0.5) == (near(0), near(tail * 0.000148**0.5))
