"""One line of a timeline: what happened to an account, short enough to keep many thousands.

The whole message stays in Kafka; an entry knows its place there.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.outputs.record import Output
from pipeline.outputs.sentences import control_sentence, sentence, stop_sentence
from pipeline.outputs.words import figure
from topics.account_states import AccountState
from topics.alerts import Alert
from topics.controls import Control
from topics.decisions import Decision, Exit
from topics.emergency_stops import EmergencyStop
from topics.limits import LimitsDocument

__all__ = ["Entry", "entry_of", "of_flow", "of_limits"]


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """What happened, when, and where its message stands."""

    at_ms: int
    account_id: str
    kind: str  # decision, exit, stop, alert, control, limits or flow.
    word: str  # Verdict, status, level or command: what a filter asks for.
    text: str  # One sentence.
    rules: tuple[str, ...] = ()
    strategy_id: str | None = None
    symbol: str | None = None
    late_ms: int | None = None  # Of a decision: from its event's time to its record's.
    topic: str = ""
    partition: int = 0
    offset: int = 0


def entry_of(output: Output, message: Struct) -> Entry | None:
    """Return the entry of a message; None for one that a timeline does not show."""
    if isinstance(message, Decision):
        return _decision(output, message)
    if isinstance(message, Exit):
        entry = _entry(output, "exit", message.reason, text=sentence(message))
        return replace(entry, symbol=message.symbol)
    if isinstance(message, EmergencyStop):
        entry = _entry(output, "stop", message.status, text=stop_sentence(message))
        return replace(entry, rules=(message.rule,))
    if isinstance(message, Alert):
        said = f"ALERT {message.level}: {message.message}"
        return replace(_entry(output, "alert", message.level, text=said), rules=(message.rule,))
    if isinstance(message, Control):
        return _entry(output, "control", message.command, text=control_sentence(message))
    return None  # Such as a stop in `decisions`: emergency_stops has it, too.


def of_limits(output: Output, document: LimitsDocument, *, is_taken: bool) -> Entry:
    """Return the entry of a limits document."""
    word = "in force" if is_taken else "refused"
    whose = f"{document.account_id} v{document.version}"
    said = f"LIMITS {whose} {word}, by {document.author}: {document.reason}"
    return _entry(output, "limits", word, text=said)


def of_flow(output: Output, before: AccountState | None, row: AccountState) -> Entry | None:
    """Return the entry of money that came or went between two rows; None if there was none.

    The PnL of a week leaves flows out, so what it does not explain of equity are the flows since
    the week began.
    """
    if before is None or (flows := _flows(row)) is None or (known := _flows(before)) is None:
        return None
    if _week(before) != _week(row) or flows == known:
        return None
    word = "deposit" if flows > known else "withdrawal"
    said = f"FLOW {word} of {figure(abs(flows - known))} {row.currency}"
    return _entry(output, "flow", word, text=said)


def _flows(row: AccountState) -> Decimal | None:
    week = row.weekly
    if week is None or row.equity is None or week.pnl is None or week.start_equity is None:
        return None
    return row.equity - week.pnl - week.start_equity


def _week(row: AccountState) -> tuple[str, Decimal | None] | None:
    return None if row.weekly is None else (row.weekly.week, row.weekly.start_equity)


def _decision(output: Output, message: Decision) -> Entry:
    entry = _entry(output, "decision", message.verdict, text=sentence(message))
    return replace(
        entry,
        rules=message.reasons,
        strategy_id=message.strategy_id,
        symbol=message.symbol,
        # Two clocks: one that is a little behind must not count as early.
        late_ms=max(0, output.written_ms - message.at_ms) if output.written_ms else None,
    )


def _entry(output: Output, kind: str, word: str, *, text: str) -> Entry:
    return Entry(
        at_ms=output.at_ms,
        account_id=output.account_id,
        kind=kind,
        word=word,
        text=text,
        topic=output.topic,
        partition=output.partition,
        offset=output.offset,
    )
