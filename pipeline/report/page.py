"""The values of the report's page; page.html.j2 turns them into HTML that opens offline.

No markup in here, and no arithmetic of risk: `measures` has the figures, the template the words.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from pipeline.outputs.words import figure, timestamp
from pipeline.report.charts import Bar, Drawing, Line, bars, line
from pipeline.report.history import APPROVED, SLOT_MS, AccountHistory, Histories
from pipeline.report.measures import DAY_MS, Measures, measure
from pipeline.report.stops import STOPS_HEAD, counted, stop_row
from pipeline.report.templates import template
from pipeline.rules_version import rules_version

__all__ = ["Basis", "page"]

EQUITY, FALL = "#2f6fb0", "#b5452c"
COLORS = ("#b5452c", "#d99a2b", "#7a5195", "#2f6fb0", "#c06090", "#6b8e23", "#8c6d4f", "#5f6b7a")
PASSED, OTHERS = "#3f8f5f", "#a9b0b8"
STACK_MAX = 48
UNKNOWN = "-"
OVERVIEW_HEAD = (
    "account", "equity", "PnL", "VaR historical", "max drawdown", "stops", "trades", "win rate",
)  # fmt: skip

Row = Sequence[str]


class Basis(Struct, frozen=True, kw_only=True):
    """Where the figures come from."""

    source: str
    confidence: float  # Of value at risk and expected shortfall, 0 to 1.


class Decisions(NamedTuple):
    """The chart of decisions by rule, and its key: rule, count and color."""

    title: str
    chart: Drawing
    key: list[tuple[str, int, str]]


def page(histories: Histories, basis: Basis) -> str:
    """Return the page for all accounts, ordered by name."""
    names = sorted(histories.accounts)
    measured = {
        name: measure(histories.accounts[name], basis.confidence, histories.period_ms)
        for name in names
    }
    is_daily = histories.period_ms == DAY_MS
    return template("page.html.j2").render(
        source=basis.source,
        covered=_covered(histories.accounts.values()),
        rules_version=rules_version(),
        confidence=f"{basis.confidence:.1%}",
        period="day (UTC)" if is_daily else f"{histories.period_ms / 1000:,.0f} s",
        overview_head=OVERVIEW_HEAD,
        stops_head=STOPS_HEAD,
        overview=_overview(histories, measured) if len(names) > 1 else [],
        accounts=[_account(name, histories.accounts[name], measured[name]) for name in names],
    )


def _covered(histories: Iterable[AccountHistory]) -> str:
    """Say which time some histories cover; empty without an event."""
    ends = [(each.first_ms, each.newest_ms) for each in histories]
    firsts = [first for first, _ in ends if first is not None]
    newest = [last for _, last in ends if last is not None]
    return f"{timestamp(min(firsts))} to {timestamp(max(newest))}" if firsts and newest else ""


def _overview(histories: Histories, measured: dict[str, Measures]) -> list[Row]:
    return [
        (
            name,
            _money(found.equity, histories.accounts[name].currency),
            _money(found.pnl),
            _ratio(found.tail["historical"] and found.tail["historical"].value_at_risk),
            _ratio(found.drawdown_ratio),
            counted(histories.accounts[name].stops.values()),
            str(found.trades.ended),
            _ratio(found.trades.win_rate),
        )
        for name, found in measured.items()
    ]


def _account(name: str, history: AccountHistory, found: Measures) -> dict[str, object]:
    equity, drawdown = _curves(history)
    return {
        "name": name,
        "performance": _performance(found, history.currency),
        "tail": _tail(found),
        "periods": found.periods,
        "covered": _covered([history]),
        "positions": ", ".join(f"{figure(held)} {symbol}" for symbol, held in _held(history)),
        "open_stops": ", ".join(
            f"{stop.stop_id} ({stop.rule})"
            for stop in history.stops.values()
            if stop.lifted_at_ms is None
        ),
        "equity": equity,
        "drawdown": drawdown,
        "stops": [stop_row(stop) for stop in history.stops.values()],
        "decisions": _decisions(history),
    }


def _held(history: AccountHistory) -> list[tuple[str, Decimal]]:
    return sorted(history.positions.items())


def _performance(found: Measures, currency: str | None) -> list[Row]:
    trades = found.trades
    left = [
        ("equity", _money(found.equity, currency)),
        ("PnL", _money(found.pnl)),
        ("maximum drawdown", _money(found.drawdown)),
        ("relative", _ratio(found.drawdown_ratio)),
        ("Sharpe", _number(found.sharpe)),
        ("Sortino", _number(found.sortino)),
    ]
    right = [
        ("trades", str(trades.ended)),
        ("win rate", _ratio(trades.win_rate)),
        ("profit factor", _number(trades.profit_factor)),
        ("average win", _money(trades.average_win)),
        ("average loss", _money(trades.average_loss)),
        ("longest losing run", str(trades.longest_losing_run)),
    ]
    return [(*pair, *other) for pair, other in zip(left, right, strict=True)]


def _tail(found: Measures) -> list[Row]:
    return [
        (method, _ratio(tail and tail.value_at_risk), _ratio(tail and tail.expected_shortfall))
        for method, tail in found.tail.items()
    ]


def _curves(history: AccountHistory) -> tuple[Drawing | None, Drawing | None]:
    """Return the charts of equity and drawdown; None with fewer than two points."""
    if len(history.curve) < 2:
        return None, None
    marks = [stop.opened_at_ms for stop in history.stops.values() if stop.opened_at_ms is not None]
    equity = Line([(point.at_ms, point.equity) for point in history.curve], EQUITY, marks=marks)
    falls = [(point.at_ms, -point.drawdown_ratio) for point in history.curve]
    return line(equity), line(Line(falls, FALL, percent=True, base=0.0, marks=marks))


def _decisions(history: AccountHistory) -> Decisions | None:
    """Return the decisions by rule, the most frequent rules in colors of their own."""
    if not history.decisions:
        return None
    counts: Counter[str] = Counter()
    for (_, rule), count in history.decisions.items():
        counts[rule] += count
    rules = sorted((rule for rule in counts if rule != APPROVED), key=lambda r: (-counts[r], r))
    colors = {APPROVED: PASSED} | dict(zip(rules, COLORS, strict=False))
    key = [(rule, counts[rule], color) for rule, color in colors.items() if counts[rule]]
    if len(rules) > len(COLORS):
        key.append(("others", sum(counts[rule] for rule in rules[len(COLORS) :]), OTHERS))
    title, stacks = _stacks(history.decisions, colors)
    return Decisions(title, bars(stacks), key)


def _stacks(decisions: Counter[tuple[int, str]], colors: dict[str, str]) -> tuple[str, list[Bar]]:
    """Return a bar for each hour of the day, or finer ones when all happened within a day."""
    slots = [slot for slot, _ in decisions]
    first, last = min(slots), max(slots)
    if (last - first) * SLOT_MS >= DAY_MS:
        hour = 3_600_000 // SLOT_MS
        names = [f"{number:02d}h" for number in range(24)]
        found = _stacked(((slot // hour % 24, rule), n) for (slot, rule), n in decisions.items())
        return "by hour of the day (UTC)", _bars(names, found, colors)
    width = -(-(last - first + 1) // STACK_MAX)
    times = [first + number * width for number in range((last - first) // width + 1)]
    names = [datetime.fromtimestamp(slot * SLOT_MS / 1000, UTC).strftime("%H:%M") for slot in times]
    found = _stacked((((slot - first) // width, rule), n) for (slot, rule), n in decisions.items())
    return "over the day (UTC)", _bars(names, found, colors)


def _stacked(counts: Iterable[tuple[tuple[int, str], int]]) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for place, count in counts:
        found[place] += count
    return found


def _bars(
    names: Sequence[str], found: Counter[tuple[int, str]], colors: dict[str, str]
) -> list[Bar]:
    stacks = []
    for number, name in enumerate(names):
        parts = [(found[number, rule], color) for rule, color in colors.items()]
        total = sum(count for (place, _), count in found.items() if place == number)
        stacks.append(Bar(name, [*parts, (total - sum(count for count, _ in parts), OTHERS)]))
    return stacks


def _money(amount: Decimal | None, currency: str | None = None) -> str:
    if amount is None:
        return UNKNOWN
    return f"{amount:,.2f} {currency or ''}".rstrip()


def _ratio(value: float | Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:.2%}"


def _number(value: float | Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"
