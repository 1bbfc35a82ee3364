"""Print one decision: the verdict, its reasons, and the numbers of every rule.

Apart from explain.py so that it can be tested without a broker.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal as Number

from pipeline.cli.terminal import say, say_table
from topics.codec import plain
from topics.decisions import Check, Decision

__all__ = ["say_decision"]

HEAD = ("rule", "verdict", "measured", "limit", "headroom")


def say_decision(decision: Decision) -> None:
    """Print a decision, and its checks with the breaches first: they are why the reader came."""
    for line in _summary(decision):
        say(line)
    say("")
    if decision.checks:
        checks = sorted(decision.checks, key=lambda check: check.verdict != "breach")
        say_table(HEAD, (_row(check) for check in checks), indent=2)
    else:
        say("  No rule was checked.")
    say("")


def _summary(decision: Decision) -> Iterator[str]:
    at = datetime.fromtimestamp(decision.at_ms / 1000, UTC)
    shown = f"{at:%Y-%m-%d %H:%M:%S}.{decision.at_ms % 1000:03d} UTC"
    yield f"{shown}  {decision.verdict.upper()}  signal {decision.signal_id}"
    yield f"  order      {_order(decision)}"
    yield f"  reasons    {', '.join(decision.reasons) or 'none'}"
    yield f"  binding    {decision.binding_rule or 'none'}"
    yield (
        f"  account    {decision.account_id}, {decision.trading_state}, "
        f"equity {_number(decision.equity)}, drawdown {_number(decision.drawdown_ratio)}, "
        f"day {_number(decision.daily_pnl)}, week {_number(decision.weekly_pnl)}"
    )
    yield (
        f"  limits     version {decision.limits_version}, rules {decision.rules_version}, "
        f"sequence {decision.sequence}, chain {decision.chain}"
    )


def _order(decision: Decision) -> str:
    parts = [
        f"{decision.side} {_number(decision.requested_quantity)} {decision.symbol}",
        f"approved {_number(decision.approved_quantity)}",
        f"limit {_number(decision.limit_price)}",
        f"stop {_number(decision.stop_price)}",
    ]
    if decision.strategy_id is not None:
        parts.append(f"strategy {decision.strategy_id}")
    if decision.reduce_only:
        parts.append("reduce only")
    return ", ".join(parts)


def _row(check: Check) -> tuple[str, ...]:
    numbers = (check.measured, check.limit, check.headroom)
    return (check.rule, check.verdict, *(_number(number) for number in numbers))


def _number(number: Number | None) -> str:
    return "-" if number is None else plain(number)
