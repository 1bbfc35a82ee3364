"""One message of `decisions` in sentences, with the numbers of every rule."""

from collections.abc import Iterator

from msgspec import UNSET, Struct

from pipeline.console.entries import Entry, entry_of
from pipeline.outputs.record import Output, decoded
from pipeline.outputs.sentences import sentence
from pipeline.outputs.words import figure, percent, pnl, timestamp
from topics.checks import Check
from topics.decisions import Decision, Exit

__all__ = ["Explained", "explained"]


class Explained(Struct, frozen=True, kw_only=True):
    """Why a signal was answered so, or why riskgate closes a position."""

    entry: Entry
    sentences: tuple[str, ...]
    checks: tuple[Check, ...]  # Breaches first.
    message: Decision | Exit


def explained(output: Output) -> Explained | None:
    """Explain a message; None for one that is no decision and no exit."""
    message = decoded(output)
    if not isinstance(message, Decision | Exit):
        return None
    entry = entry_of(output, message)
    assert entry is not None
    checks = message.checks if isinstance(message, Decision) else ()
    said = _of_decision(message) if isinstance(message, Decision) else _of_exit(message)
    return Explained(
        entry=entry,
        sentences=tuple(said),
        checks=tuple(sorted(checks, key=lambda check: check.verdict != "breach")),
        message=message,
    )


def _of_decision(decision: Decision) -> Iterator[str]:
    yield _ended(sentence(decision))
    strategy = f" of strategy {decision.strategy_id}" if decision.strategy_id else ""
    yield f"It answers signal {decision.signal_id}{strategy}, {timestamp(decision.at_ms)} UTC."
    for check in decision.checks:
        if check.verdict == "breach" and check.message is UNSET:
            yield f"The rule {check.rule} was breached."
    if decision.binding_rule:
        yield f"No larger quantity was possible because of {decision.binding_rule}."
    yield (
        f"The account was {decision.trading_state}, with equity {figure(decision.equity)}, "
        f"drawdown {percent(decision.drawdown_ratio)}, day {pnl(decision.daily_pnl)}, "
        f"week {pnl(decision.weekly_pnl)}."
    )
    yield _proof(decision)


def _of_exit(message: Exit) -> Iterator[str]:
    yield _ended(sentence(message))
    yield f"Riskgate itself sent this exit {message.exit_id}, {timestamp(message.at_ms)} UTC."
    yield _proof(message)


def _ended(said: str) -> str:
    return said if said.endswith(".") else f"{said}."


def _proof(message: Decision | Exit) -> str:
    limits = f"limits {message.limits_version}, " if isinstance(message, Decision) else ""
    return (
        f"Decided under {limits}rules {message.rules_version}, as sequence {message.sequence} "
        f"with chain {message.chain}."
    )
