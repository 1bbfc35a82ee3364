"""Print what happened: one line each, or a decision with the numbers of every rule.

Apart from explain.py so that it can be tested without a broker.
"""

from collections.abc import Iterator

from pipeline.cli.terminal import say, say_table
from pipeline.outputs.search import Found
from pipeline.outputs.sentences import control_sentence, reasons_sentence, sentence
from pipeline.outputs.words import figure, timestamp
from topics.controls import Control
from topics.decisions import Check, Decision, Exit, Stop
from topics.limits import LimitsDocument

__all__ = ["line_of", "say_decision"]

HEAD = ("rule", "verdict", "measured", "limit", "headroom")


def line_of(found: Found, *, exact: bool = False) -> str:
    """Say in one line what happened to which account, and on which signal."""
    message, output = found.message, found.output
    head = f"{timestamp(output.at_ms)}  {output.account_id}  "
    if isinstance(message, Decision):
        return f"{head}{sentence(message, exact=exact)}  ({message.signal_id})"
    if isinstance(message, Exit):
        return f"{head}{sentence(message, exact=exact)}  ({message.exit_id})"
    if isinstance(message, Stop):
        return f"{head}{sentence(message, exact=exact)}"
    if isinstance(message, Control):
        return f"{head}{control_sentence(message)}"
    assert isinstance(message, LimitsDocument)
    version = f"version {message.version} by {message.author}"
    return f"{head}LIMITS {version}: {message.reason}  (riskgate limits history)"


def say_decision(decision: Decision, *, exact: bool = False) -> None:
    """Print a decision, and its checks with the breaches first: they are why the reader came.

    Numbers have six significant digits unless exact.
    """
    for line in _summary(decision, exact=exact):
        say(line)
    say("")
    if decision.checks:
        checks = sorted(decision.checks, key=lambda check: check.verdict != "breach")
        say_table(HEAD, (_row(check, exact=exact) for check in checks), indent=2)
    else:
        say("  No rule was checked.")
    say("")


def _summary(decision: Decision, *, exact: bool) -> Iterator[str]:
    shown = f"{timestamp(decision.at_ms)} UTC"
    yield f"{shown}  {decision.verdict.upper()}  signal {decision.signal_id}"
    yield f"  order      {_order(decision, exact=exact)}"
    yield f"  reasons    {', '.join(decision.reasons) or 'none'}"
    why = reasons_sentence(decision)
    if why:
        yield f"  why        {why}"
    yield f"  binding    {decision.binding_rule or 'none'}"
    equity, drawdown, day, week = (
        figure(number, exact=exact)
        for number in (
            decision.equity,
            decision.drawdown_ratio,
            decision.daily_pnl,
            decision.weekly_pnl,
        )
    )
    yield (
        f"  account    {decision.account_id}, {decision.trading_state}, "
        f"equity {equity}, drawdown {drawdown}, day {day}, week {week}"
    )
    yield (
        f"  limits     version {decision.limits_version}, rules {decision.rules_version}, "
        f"sequence {decision.sequence}, chain {decision.chain}"
    )


def _order(decision: Decision, *, exact: bool) -> str:
    asked, approved, limit, stop = (
        figure(number, exact=exact)
        for number in (
            decision.requested_quantity,
            decision.approved_quantity,
            decision.limit_price,
            decision.stop_price,
        )
    )
    parts = [
        f"{decision.side} {asked} {decision.symbol}",
        f"approved {approved}",
        f"limit {limit}",
        f"stop {stop}",
    ]
    if decision.strategy_id is not None:
        parts.append(f"strategy {decision.strategy_id}")
    if decision.reduce_only:
        parts.append("reduce only")
    return ", ".join(parts)


def _row(check: Check, *, exact: bool) -> tuple[str, ...]:
    numbers = (check.measured, check.limit, check.headroom)
    return (check.rule, check.verdict, *(figure(number, exact=exact) for number in numbers))
