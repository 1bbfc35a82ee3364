"""The demo's output while it runs: a live screen on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.demo.ledger import Ledger, News
from pipeline.demo.loss_timeline import LossLimits
from pipeline.demo.market import Quote
from pipeline.demo.summary import quantile
from topics.account_states import AccountState

__all__ = ["Scene", "View", "headroom_ratio", "screen"]

SHOW_SECONDS = 0.4
LINE_SECONDS = 5.0
RATE_SECONDS = 5.0
BAR_CELLS = 10
ZERO = Decimal(0)
WIDE = 100  # From this many columns on, words are written out.
HEAD_LINES = 4
NEWS_LINES = 4
ROWS_MIN = 3
STATE_STYLES = {"active": "green", "reducing": "yellow", "halted": "bold red"}
NEWS_STYLES = {"stop": "bold red", "exit": "yellow", "good": "green"}


class Scene(NamedTuple):
    """Everything that the view shows at one time."""

    phase: str
    day: date
    progress: float  # 0 to 1.
    quotes: Mapping[str, Quote]
    rising: Mapping[str, bool]
    ledger: Ledger
    limits: Mapping[str, LossLimits]
    started_s: float
    now_s: float


class View:
    """Show scenes while inside `with`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._is_live = console.is_terminal
        self._shown_s = 0.0
        self._printed: News | None = None

    def show(self, make: Callable[[float], Scene]) -> None:
        """Show the scene that `make` returns, if an update is due."""
        now_s = time.monotonic()
        pause_s = SHOW_SECONDS if self._is_live else LINE_SECONDS
        if now_s - self._shown_s < pause_s:
            return
        self._shown_s = now_s
        scene = make(now_s)
        if self._is_live:
            size = self._console.size
            self._live.update(screen(scene, size.width, size.height), refresh=True)
        else:
            self._print(scene)

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_live:
            self._live.stop()

    def _print(self, scene: Scene) -> None:
        for news in _since(scene.ledger.news, self._printed):
            self._printed = news
            if news.level != "exit":
                self._console.print(_news_line(news, scene), soft_wrap=True)
        states = scene.ledger.states.values()
        halted = sum(state.trading_state != "active" for state in states)
        line = f"{scene.day}  {len(states)} accounts, {halted} stopped  "
        self._console.print(line + _decisions(scene, wide=True).plain, soft_wrap=True)


def screen(scene: Scene, width: int, height: int) -> Group:
    """Draw a scene for a terminal of this size, in columns and lines."""
    room = max(height - HEAD_LINES - NEWS_LINES - 2, ROWS_MIN)
    states = _chosen(scene, room)
    left = len(scene.ledger.states) - len(states)
    news_room = max(NEWS_LINES, height - HEAD_LINES - 2 - len(states) - bool(left))
    more = [Text(f"and {left} more with more headroom", style="dim")] if left else []
    news = [_news_line(news, scene) for news in list(scene.ledger.news)[-news_room + 1 :]]
    return Group(
        _title(scene, width),
        _market(scene, wide=width >= WIDE),
        _decisions(scene, wide=width >= WIDE),
        Text(),
        _accounts(scene, states),
        *more,
        Text(),
        *news,
    )


def headroom_ratio(state: AccountState, limits: LossLimits) -> Decimal | None:
    """Return the fraction of equity that an account may still lose before it is stopped."""
    daily = state.daily
    if state.drawdown_ratio is None or daily is None or daily.pnl is None or not daily.start_equity:
        return None
    of_day = limits.daily_loss_ratio_max + daily.pnl / daily.start_equity
    return max(min(of_day, limits.drawdown_ratio_max - state.drawdown_ratio), ZERO)


def _chosen(scene: Scene, room: int) -> list[AccountState]:
    """Return as many accounts as fit, those nearest to a stop, ordered by name."""
    states = list(scene.ledger.states.values())
    if len(states) > room:
        states = sorted(states, key=lambda state: _nearness(state, scene))[: room - 1]
    return sorted(states, key=lambda state: state.account_id)


def _nearness(state: AccountState, scene: Scene) -> tuple[bool, Decimal]:
    limits = scene.limits.get(state.account_id)
    headroom = headroom_ratio(state, limits) if limits else None
    return state.trading_state == "active", Decimal(1) if headroom is None else headroom


def _title(scene: Scene, width: int) -> Text:
    cells = max(10, width - 50)
    done = int(scene.progress * cells)
    return Text.assemble(
        ("riskgate demo", "bold"),
        f"  {scene.day}  ",
        ("━" * done, "cyan"),
        ("━" * (cells - done), "bright_black"),
        f" {scene.progress:4.0%}  {scene.phase}",
    )


def _market(scene: Scene, *, wide: bool) -> Text:
    text = Text(no_wrap=True)
    for symbol, quote in scene.quotes.items():
        rising = scene.rising.get(symbol, True)
        text.append(f"{symbol} ", "dim")
        text.append(f"{quote.last:,.2f} {'▲' if rising else '▼'}", "green" if rising else "red")
        text.append("     " if wide else "  ")
    return text


def _decisions(scene: Scene, *, wide: bool) -> Text:
    ledger = scene.ledger
    recent = [latency for at_s, latency in ledger.latencies_s if at_s > scene.now_s - RATE_SECONDS]
    verdicts = ledger.verdicts
    cut = "modified" if wide else "cut"
    gap = "    " if wide else "  "
    return Text(
        f"{verdicts.total():,} decisions {len(recent) / RATE_SECONDS:.0f}/s{gap}"
        f"p50 {_ms(quantile(recent, 0.5))} p99 {_ms(quantile(recent, 0.99))}{gap}"
        f"{verdicts['approved']} approved {verdicts['modified']} {cut} "
        f"{verdicts['rejected']} rejected" + (f" {verdicts['ignored']} ignored" if wide else ""),
        no_wrap=True,
        overflow="ellipsis",
    )


def _accounts(scene: Scene, states: Sequence[AccountState]) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("account", no_wrap=True, width=12)
    table.add_column("equity", justify="right", no_wrap=True, width=9)
    table.add_column("p&l", justify="right", no_wrap=True, width=6)
    table.add_column("drawdown", justify="right", no_wrap=True, width=8)
    table.add_column("headroom", no_wrap=True, width=BAR_CELLS + 6)
    table.add_column("state", no_wrap=True, width=8)
    table.add_column("positions", no_wrap=True, overflow="ellipsis", ratio=1)
    for state in states:
        table.add_row(*_row(state, scene.limits.get(state.account_id)))
    return table


def _row(state: AccountState, limits: LossLimits | None) -> tuple[str | Text, ...]:
    daily = state.daily
    pnl = daily.pnl / daily.start_equity if daily and daily.pnl and daily.start_equity else None
    held = [f"{item.symbol} {item.quantity:,f}" for item in state.positions if item.quantity]
    return (
        state.account_id,
        "-" if state.equity is None else f"{state.equity:,.0f}",
        "-" if pnl is None else Text(f"{pnl:+.1%}", "red" if pnl < 0 else "green"),
        # Below zero while a new peak waits for its confirming marks.
        "-" if state.drawdown_ratio is None else f"{max(state.drawdown_ratio, ZERO):.1%}",
        _bar(headroom_ratio(state, limits) if limits else None, limits),
        Text(state.trading_state, STATE_STYLES[state.trading_state]),
        Text(" ".join(held), "dim"),
    )


def _bar(headroom: Decimal | None, limits: LossLimits | None) -> Text:
    if headroom is None or limits is None:
        return Text("-")
    whole = min(limits.daily_loss_ratio_max, limits.drawdown_ratio_max)
    share = min(float(headroom / whole), 1.0) if whole else 0.0
    cells = round(share * BAR_CELLS)
    style = "green" if share > 0.5 else "yellow" if share > 0.2 else "red"
    return Text.assemble(
        ("━" * cells, style), ("━" * (BAR_CELLS - cells), "bright_black"), f" {headroom:5.1%}"
    )


def _news_line(news: News, scene: Scene) -> Text:
    return Text.assemble(
        (f"{news.at_s - scene.started_s:6.1f} s  ", "dim"),
        f"{news.account_id:<13}",
        (news.text, NEWS_STYLES[news.level]),
        no_wrap=True,
        overflow="ellipsis",
    )


def _since(news: Iterable[News], printed: News | None) -> list[News]:
    items = list(news)
    if printed in items:
        return items[items.index(printed) + 1 :]
    return items


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f} ms"
