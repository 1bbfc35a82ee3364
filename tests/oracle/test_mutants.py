"""The oracle notices when the program is wrong: facts of it are changed, one at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipeline.risk import baselines, on_order, release
from pipeline.risk.account import windows
from pipeline.risk.ledger import booking
from pipeline.risk.protection import after_event, exits
from pipeline.risk.rules.measure import Measure
from pipeline.risk.valuation.equity import equity_at_most
from tests.oracle.history import generate

SEEDS = range(250)  # Those that agree in test_oracle.py.
HOUR_MS = 3_600_000
real_boundary, real_realize = windows._boundary, booking._realize


def realize_with_rebates(turn: Any, symbol: str, trade: Any, *, amount: Any) -> None:
    """Book a fee with the wrong sign."""
    real_realize(turn, symbol, trade, amount=amount + 2 * trade.fee)


def nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""


def unchanged(first: Any, *_: Any, **__: Any) -> Any:
    """Return what came in."""
    return first


MUTANTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "a fee has the wrong sign": (booking, "_realize", realize_with_rebates),
    "a limit is breached when it is met": (
        Measure,
        "breached",
        lambda self: self.measured >= self.limit,
    ),
    "a day begins an hour late": (
        windows,
        "_boundary",
        lambda *args: real_boundary(*args) + HOUR_MS,
    ),
    "no gain raises the peak": (after_event, "raise_peak", nothing),
    "a fill releases no reservation": (release, "after_fill", unchanged),
    "a final status releases nothing": (on_order, "after_terminal", unchanged),
    "a loss limit acts at the first bad mark": (after_event, "favourable_equity", equity_at_most),
    "an exit is reserved without its collar": (exits, "market_price", unchanged),
    "a flow is added to the peak": (
        baselines,
        "_peak_after",
        lambda _, peak, amount: peak + amount,
    ),
    "an exit is sent whatever works": (exits, "_works", lambda *_: False),
}


@pytest.fixture(autouse=True)
def _fresh_boundaries() -> Iterator[None]:
    """Let no boundary of a mutant stay behind in a cache, and none of before come first."""
    for function in (windows.day_at, windows.week_at, windows.week_named, windows._boundary):
        getattr(function, "cache_clear", nothing)()
    yield
    for function in (windows.day_at, windows.week_at, windows.week_named, real_boundary):
        getattr(function, "cache_clear", nothing)()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_oracle_notices_when_the_program_is_wrong(
    mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, wrong = MUTANTS[mutant]
    monkeypatch.setattr(owner, name, wrong)

    differing = next((seed for seed in SEEDS if generate(seed).difference is not None), None)

    assert differing is not None
