"""An account's running sums are what its holdings add up to, whatever happened before."""

from decimal import Decimal, localcontext

from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from pipeline.risk.account.account import Account
from pipeline.risk.account.exposures import Exposures, exposures_of
from pipeline.risk.numbers import MONEY
from pipeline.risk.state import load_account, save_account
from pipeline.risk.valuation.figures import recompute
from tests import given
from tests.risk.log import T0_MS, Log

PRICES = st.sampled_from([50, 100, 100, 101, 150])  # Often the price there was.
STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "fill", "revaluation", "wait"]), st.integers(-9, 9), PRICES),
    max_size=30,
)


def lived(steps: list[tuple[str, int, int]], rules: given.Rules | None = None) -> Account:
    """Let an account live through steps of (what, quantity, price)."""
    log = Log()
    log.limit(rules or {})
    log.open()
    at_ms = T0_MS
    for number, (what, quantity, price) in enumerate(steps):
        at_ms += 60_000 if what == "wait" else 400
        if what == "ask":
            log.ask(f"s{number}", at_ms, quantity=abs(quantity) + 1, price=price)
        elif what == "fill" and quantity:
            log.fill(f"f{number}", quantity, at_ms, price=price)
        else:
            log.revaluation(price, at_ms)
    assert log.account is not None
    return log.account


def added_up(account: Account, name: str) -> Decimal:
    """Add up one figure of all holdings; what is unknown counts nothing."""
    with localcontext(MONEY):
        figures = (getattr(holding.figures, name) for holding in account.holdings.values())
        return sum((figure for figure in figures if figure is not None), Decimal(0))


@over(steps=STEPS)
@settings(max_examples=200, deadline=None)
def test_totals_are_the_sums_of_the_holdings(steps: list[tuple[str, int, int]]) -> None:
    account = lived(steps)

    names = ("unrealized", "favourable", "cautious", "worst", "opening", "cost")
    sums = {name: added_up(account, name) for name in (*names, "active", "reservations")}

    assert {name: getattr(account.totals, name) for name in sums} == sums


@over(steps=STEPS)
@settings(max_examples=200, deadline=None)
def test_the_earliest_times_are_those_of_all_holdings(steps: list[tuple[str, int, int]]) -> None:
    account = lived(steps)

    holdings = account.holdings.values()
    marks_ms = [item.mark_ms for item in holdings if item.mark_ms is not None]
    dues_ms = [item.figures.due_ms for item in holdings if item.figures.due_ms is not None]

    assert account.totals.mark_ms == min(marks_ms, default=None)
    assert account.totals.due_ms == min(dues_ms, default=None)


@over(steps=STEPS)
@settings(max_examples=200, deadline=None)
def test_figures_are_the_same_when_they_are_worked_out_anew(
    steps: list[tuple[str, int, int]],
) -> None:
    account = lived(steps)

    with localcontext(MONEY):
        anew = {name: recompute(item) for name, item in account.holdings.items()}

    assert anew == account.holdings


@over(steps=STEPS)
@settings(max_examples=200, deadline=None)
def test_sides_and_groups_are_what_they_add_up_to_anew(steps: list[tuple[str, int, int]]) -> None:
    rules = {
        "net_exposure": {"net_exposure_ratio_max": "9"},
        "group_exposure": {"group_exposure_ratio_max": "9"},
    }
    account = lived(steps, rules)

    anew = exposures_of(account.holdings.values(), ("groups", "sides"))

    assert account.totals.exposures == anew


@over(steps=STEPS)
@settings(max_examples=100, deadline=None)
def test_nothing_is_kept_of_sides_and_groups_when_no_rule_reads_them(
    steps: list[tuple[str, int, int]],
) -> None:
    account = lived(steps)

    assert account.totals.exposures == Exposures()


@over(steps=STEPS)
@settings(max_examples=100, deadline=None)
def test_state_is_the_same_when_it_was_saved_after_any_history(
    steps: list[tuple[str, int, int]],
) -> None:
    account = lived(steps)

    assert load_account(save_account(account)) == account
