"""Alerts, dead letters and the messages of `decisions` as rows of tables."""

from msgspec import Struct

from pipeline.cli.tables import Column
from pipeline.outputs.record import Output
from pipeline.outputs.sentences import sentence
from pipeline.outputs.words import clock
from topics.alerts import Alert
from topics.dead_letters import DeadLetter
from topics.decisions import Decision, Exit, Stop

__all__ = [
    "ALERT_COLUMNS", "DECISION_COLUMNS", "LETTER_COLUMNS", "alert_cells", "decision_cells",
    "letter_cells",
]  # fmt: skip

ALERT_COLUMNS = (
    Column("time"),
    Column("level"),
    Column("account"),
    Column("rule", rank=2),
    Column("action", rank=1),
    Column("message", folds=True),
)
LETTER_COLUMNS = (
    Column("time"),
    Column("message at"),
    Column("key", rank=1),
    Column("field", rank=2),
    Column("error", folds=True),
)
DECISION_COLUMNS = (
    Column("time"),
    Column("account"),
    Column("id", rank=1),
    Column("what", folds=True),
)


def alert_cells(output: Output, message: Struct, now_ms: int) -> tuple[str, ...]:
    """Return the cells of ALERT_COLUMNS."""
    assert isinstance(message, Alert)
    at = clock(output.at_ms, now_ms)
    return at, message.level, message.account_id, message.rule, message.action, message.message


def letter_cells(output: Output, message: Struct, now_ms: int) -> tuple[str, ...]:
    """Return the cells of LETTER_COLUMNS."""
    assert isinstance(message, DeadLetter)
    source = message.source
    place = f"{source.topic}/{source.partition}@{source.offset}"
    at = clock(output.at_ms, now_ms)
    return at, place, source.key or "-", message.path or "-", message.error


def decision_cells(output: Output, message: Struct, now_ms: int) -> tuple[str, ...]:
    """Return the cells of DECISION_COLUMNS."""
    assert isinstance(message, Decision | Exit | Stop)
    at = clock(output.at_ms, now_ms)
    return at, message.account_id, _id_of(message), sentence(message)


def _id_of(message: Decision | Exit | Stop) -> str:
    if isinstance(message, Decision):
        return message.signal_id
    return message.exit_id if isinstance(message, Exit) else message.stop_id
