"""The page of a sweep draws every combination and says its values; nothing in it is markup."""

import re
from decimal import Decimal

from pipeline.backtest.summary import Money, Summary
from pipeline.backtest.sweep_page import Outcome, sweep_page


def outcome(pnl: str, drawdown: str, *, currency: str | None = "USD", **values: str) -> Outcome:
    money = Money(currency=currency, pnl=Decimal(pnl), drawdown=Decimal(drawdown))
    return Outcome(values, Summary(approved=3, money=[money]))


def dots(page: str) -> list[tuple[float, float, str]]:
    """Return the place and text of each point."""
    found = re.findall(r'cx="([\d.]+)" cy="([\d.]+)".*?<title>(.*?)</title>', page)
    return [(float(x), float(y), text) for x, y, text in found]


def test_points_lie_by_drawdown_and_pnl_when_they_differ() -> None:
    page = sweep_page(
        [outcome("-50", "80"), outcome("20", "10", a="1"), outcome("90", "40", a="2")], source="f"
    )

    place = {text: (x, y) for x, y, text in dots(page)}
    low, middle, high = (
        place["as recorded: PnL -50, drawdown 80"],
        place["a = 1: PnL 20, drawdown 10"],
        place["a = 2: PnL 90, drawdown 40"],
    )
    assert middle[0] < high[0] < low[0]
    assert high[1] < middle[1] < low[1]


def test_currencies_have_plots_of_their_own_when_there_are_two() -> None:
    page = sweep_page([outcome("1", "1"), outcome("1", "1", currency="EUR", a="1")], source="f")

    assert page.index("<h2>EUR</h2>") < page.index("<h2>USD</h2>")
    assert len(dots(page)) == 2


def test_equal_points_are_drawn_when_limits_change_nothing() -> None:
    page = sweep_page([outcome("0", "0"), outcome("0", "0", a="1")], source="f")

    assert len(dots(page)) == 2


def test_page_says_so_when_no_account_has_an_opening() -> None:
    page = sweep_page([outcome("0", "0", currency=None)], source="f")

    assert "No account has an opening" in page
    assert not dots(page)


def test_names_are_text_when_they_look_like_markup() -> None:
    page = sweep_page([outcome("0", "0", a="<script>x</script>")], source="<img src=x>")

    assert "<script>" not in page
    assert "<img" not in page
