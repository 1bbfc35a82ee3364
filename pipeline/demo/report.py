"""The printed summary of a session, styled on a terminal and plain elsewhere."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.demo.checks import Finding
from pipeline.demo.ledger import Ledger
from pipeline.demo.session import Session
from pipeline.demo.summary import prevented, quantile, stop_times

__all__ = ["print_report"]

WARM_SECONDS = 10.0


def print_report(console: Console, session: Session, findings: Sequence[Finding]) -> None:
    """Print the summary and the results of the checks."""
    ledger = session.ledger
    console.print()
    console.print(Text(_headline(session), "bold"), soft_wrap=True)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in [
        *_decision_rows(ledger),
        *_stop_rows(ledger),
        *_prevented_rows(ledger),
        *_latency_rows(session),
    ]:
        table.add_row(name, text)
    console.print(table)
    for finding in findings:
        sign = Text("ok    ", "green") if finding.good else Text("WRONG ", "bold red")
        console.print(sign + finding.text, soft_wrap=True)


def _headline(session: Session) -> str:
    return (
        f"{session.first_day} to {session.last_day} in {session.seconds:.0f} s: "
        f"{len(session.ledger.states)} accounts, {len(session.ledger.sent_s):,} signals"
    )


def _decision_rows(ledger: Ledger) -> list[tuple[str, str]]:
    return [
        ("decisions", _counts(ledger.verdicts)),
        ("reasons", _counts(ledger.reasons)),
        ("exits", _counts(ledger.exits)),
        ("alerts", _counts(ledger.alerts)),
    ]


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counter.most_common()) or "none"


def _stop_rows(ledger: Ledger) -> list[tuple[str, str]]:
    stops = [stop_times(stop) for stop in ledger.stops.values()]
    rows = [
        f"{stop.account_id:<13}{stop.rule:<11} {_seconds(stop.to_stop_s)} from loss to stop, "
        f"{_seconds(stop.to_flat_s)} to flat"
        for stop in stops
    ]
    names = ["stops", *[""] * len(rows)]
    return list(zip(names, rows or ["none"], strict=False))


def _prevented_rows(ledger: Ledger) -> list[tuple[str, str]]:
    """Return what account_states report as prevented, and from how many orders it comes."""
    sums, verdicts = prevented(ledger.states.values()), ledger.verdicts
    loss = sums.lost - sums.won
    name = "loss" if loss >= 0 else "gain"
    orders = f"{verdicts['rejected']:,} rejected and {verdicts['modified']:,} cut orders"
    return [
        ("prevented", f"a {name} of {_money(abs(loss))} according to account_states:"),
        ("", f"{orders} would have lost {_money(sums.lost)}"),
        ("", f"in {sums.losers} accounts and gained {_money(sums.won)} in {sums.winners},"),
        ("", "each valued at the last price of its account"),
    ]


def _latency_rows(session: Session) -> list[tuple[str, str]]:
    """Return the latency of decisions, overall and after a warm-up of Kafka and its clients."""
    latencies = session.ledger.latencies_s
    warm_s = session.started_s + WARM_SECONDS
    warm = [latency for at_s, latency in latencies if at_s >= warm_s]
    return [
        ("latency", f"{_quantiles([latency for _, latency in latencies])} from writing a signal"),
        ("", "to reading its decision;"),
        ("", f"{_quantiles(warm)} after the first {WARM_SECONDS:.0f} s"),
    ]


def _quantiles(latencies: Sequence[float]) -> str:
    p50, p99 = quantile(latencies, 0.5), quantile(latencies, 0.99)
    if p50 is None or p99 is None:
        return "no decisions"
    return f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"


def _seconds(seconds: float | None) -> str:
    return "    -" if seconds is None else f"{seconds:4.2f} s"


def _money(amount: Decimal) -> str:
    return f"${amount:,.0f}"
