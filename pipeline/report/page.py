"""The report as one HTML page that opens offline: tables and inline SVG, nothing to fetch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape

from msgspec import Struct

from pipeline.report.charts import Bar, Line, bars, line
from pipeline.report.history import APPROVED, SLOT_MS, AccountHistory, Histories
from pipeline.report.measures import DAY_MS, Measures, measure

__all__ = ["Told", "page"]

EQUITY, FALL = "#2f6fb0", "#b5452c"
COLORS = ("#b5452c", "#d99a2b", "#7a5195", "#2f6fb0", "#c06090", "#6b8e23", "#8c6d4f", "#5f6b7a")
PASSED, OTHERS = "#3f8f5f", "#a9b0b8"
STACK_MAX = 48
UNKNOWN = "-"

STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--dim:#667080;--rule:#d9dee5;--page:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--dim:#98a2b0;--rule:#38414d;--page:#14181e}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);
max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.2rem;margin:2.5rem 0 .5rem;
border-top:1px solid var(--rule);padding-top:1.2rem}h3{font-size:.95rem;margin:1.2rem 0 .3rem}
p,.key{color:var(--dim);font-size:.87rem;margin:.3rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.87rem}
th,td{padding:.25rem .9rem .25rem 0;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--rule)}
th:first-child,td:first-child{text-align:left}th{color:var(--dim);font-weight:500}
svg{width:100%;height:auto;display:block}svg text{font-size:11px;fill:var(--dim)}
.grid{stroke:var(--rule)}
.key b{display:inline-block;width:.7rem;height:.7rem;margin:0 .3rem 0 .8rem}
"""


class Told(Struct, frozen=True, kw_only=True):
    """What the page says of itself."""

    source: str
    confidence: float


def page(histories: Histories, told: Told) -> str:
    """Write the page for all accounts, in the order of their names."""
    names = sorted(histories.accounts)
    measured = {
        name: measure(histories.accounts[name], told.confidence, histories.period_ms)
        for name in names
    }
    sections = [_account(name, histories.accounts[name], measured[name]) for name in names]
    if not names:
        sections = ["<p>No account had an event.</p>"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>riskgate report</title><style>{STYLE}</style></head><body>"
        f"<h1>Risk report</h1><p>{escape(told.source)}</p>{_basis(histories.period_ms, told)}"
        f"{_overview(histories, measured)}{''.join(sections)}</body></html>\n"
    )


def _basis(period_ms: int, told: Told) -> str:
    period = "day (UTC)" if period_ms == DAY_MS else f"{period_ms / 1000:,.0f} s"
    return (
        f"<p>Returns are per {period} in which the account had an event, at the newest marks, "
        "unrealized included; deposits and withdrawals do not count. Value at risk (VaR) and "
        f"expected shortfall (ES) are of one such period at {told.confidence:.1%}, as fractions of "
        "equity, losses positive. Sharpe and Sortino are a year's (252 days). A trade is a "
        "position from zero to zero, fees included.</p>"
    )


def _overview(histories: Histories, measured: dict[str, Measures]) -> str:
    head = ("account", "equity", "PnL", "VaR historical", "max drawdown", "trades", "win rate")
    rows = [
        (
            name,
            _money(found.equity, histories.accounts[name].currency),
            _money(found.pnl),
            _ratio(found.tail["historical"] and found.tail["historical"].value_at_risk),
            _ratio(found.drawdown_ratio),
            str(found.trades.ended),
            _ratio(found.trades.win_rate),
        )
        for name, found in measured.items()
    ]
    return _table(head, rows) if len(rows) > 1 else ""


def _account(name: str, history: AccountHistory, found: Measures) -> str:
    return (
        f"<h2>{escape(name)}</h2>{_performance(found, history.currency)}"
        f"<h3>Tail risk</h3>{_tail(found)}{_curves(history)}{_decisions(history)}"
    )


def _performance(found: Measures, currency: str | None) -> str:
    trades = found.trades
    rows = [
        ("equity", _money(found.equity, currency), "trades", str(trades.ended)),
        ("PnL", _money(found.pnl), "win rate", _ratio(trades.win_rate)),
        (
            "maximum drawdown",
            _money(found.drawdown),
            "profit factor",
            _number(trades.profit_factor),
        ),
        ("relative", _ratio(found.drawdown_ratio), "average win", _money(trades.average_win)),
        ("Sharpe", _number(found.sharpe), "average loss", _money(trades.average_loss)),
        (
            "Sortino",
            _number(found.sortino),
            "longest losing run",
            str(trades.longest_losing_run),
        ),
    ]
    return _table(("", "", "", ""), rows)


def _tail(found: Measures) -> str:
    rows = [
        (method, _ratio(tail and tail.value_at_risk), _ratio(tail and tail.expected_shortfall))
        for method, tail in found.tail.items()
    ]
    few = f"<p>From {found.periods} returns.</p>"
    return _table(("", "VaR", "ES"), rows) + few


def _curves(history: AccountHistory) -> str:
    if len(history.curve) < 2:
        return "<p>Too little happened for a curve.</p>"
    equity = Line([(point.at_ms, point.equity) for point in history.curve], EQUITY)
    falls = [(point.at_ms, -point.drawdown_ratio) for point in history.curve]
    fall = Line(falls, FALL, percent=True, base=0.0)
    return f"<h3>Equity</h3>{line(equity)}<h3>Drawdown</h3>{line(fall)}"


def _decisions(history: AccountHistory) -> str:
    if not history.decisions:
        return "<p>No signal was decided.</p>"
    counts: Counter[str] = Counter()
    for (_, rule), count in history.decisions.items():
        counts[rule] += count
    rules = sorted((rule for rule in counts if rule != APPROVED), key=lambda r: (-counts[r], r))
    colors = {APPROVED: PASSED} | dict(zip(rules, COLORS, strict=False))
    key = [(rule, counts[rule], color) for rule, color in colors.items() if counts[rule]]
    if len(rules) > len(COLORS):
        key.append(("others", sum(counts[rule] for rule in rules[len(COLORS) :]), OTHERS))
    named = "".join(
        f'<b style="background:{color}"></b>{escape(rule)} {count}' for rule, count, color in key
    )
    title, stacks = _stacks(history.decisions, colors)
    return f'<h3>Decisions by rule, {title}</h3>{bars(stacks)}<div class="key">{named}</div>'


def _stacks(decisions: Counter[tuple[int, str]], colors: dict[str, str]) -> tuple[str, list[Bar]]:
    """Return one bar for each hour of the day, or over what was less than a day finer ones."""
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


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    named = "".join(f"<th>{escape(name)}</th>" for name in head) if any(head) else ""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{named}</tr>{body}</table></div>'


def _money(amount: Decimal | None, currency: str | None = None) -> str:
    if amount is None:
        return UNKNOWN
    return f"{amount:,.2f} {currency or ''}".rstrip()


def _ratio(value: float | Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:.2%}"


def _number(value: float | Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"
