"""Everything that a person or a release did, in order, each with the place where it is recorded.

Stops and resumes are there whoever caused them: what was stopped by itself needs no author.
"""

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.outputs.change_text import change_head, change_lines
from pipeline.outputs.limits_changes import limits_changes
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output, Period, message_of
from pipeline.outputs.sentences import control_sentence, stop_sentence
from topics.alerts import Alert
from topics.controls import Control
from topics.decisions import TOPIC as DECISIONS
from topics.emergency_stops import EmergencyStop
from topics.fields import EVERYONE, DecodeError

__all__ = ["Entry", "Kind", "audit"]

Kind = Literal["limits", "budget", "control", "refusal", "stop", "resume", "version"]

RELEASE = "riskgate"
_VERSION = re.compile(rb'"rules_version":"([^"]*)"')


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that was done."""

    at_ms: int
    kind: Kind
    account_id: str
    author: str  # `riskgate` if no person did it.
    text: str
    changes: list[str]  # Of limits, one line each.
    topic: str
    partition: int
    offset: int
    chain: str  # Of the account after it; empty for what people wrote.


def audit(
    reader: OutputReader,
    period: Period,
    account: str | None,
    *,
    releases: bool = True,
) -> list[Entry]:
    """Return what was done in a period, the oldest first; account: to it or to every account.

    releases: also which release decided; that reads every decision of the period.
    """
    found = [
        *_limits(reader),
        *_records(reader, period),
        *(_versions(reader, period) if releases else ()),
    ]
    wanted = {account, EVERYONE}
    kept = [
        each
        for each in found
        if period.holds(each.at_ms) and (account is None or each.account_id in wanted)
    ]
    # What people wrote comes before the answer that has the same millisecond.
    return sorted(kept, key=lambda each: (each.at_ms, bool(each.chain), each.topic, each.offset))


def _limits(reader: OutputReader) -> Iterator[Entry]:
    for change in limits_changes(reader):
        text, lines = f"LIMITS {change_head(change)}", list(change_lines(change))
        kind: Kind = "budget" if change.is_allowance() else "limits"
        yield _entry(change.output, kind, change.document.author, text=text, changes=lines)


def _records(reader: OutputReader, period: Period) -> Iterator[Entry]:
    for output in reader.read("controls", "emergency_stops", "alerts", period=period):
        try:
            message = message_of(output)
        except DecodeError:
            continue  # Ingest made it a dead letter, or riskgate did not write it.
        if isinstance(message, Control):
            yield _entry(output, "control", message.author, text=control_sentence(message))
        elif isinstance(message, EmergencyStop) and message.status in {"triggered", "resumed"}:
            kind: Kind = "resume" if message.status == "resumed" else "stop"
            author = message.author or RELEASE
            text = stop_sentence(message)
            yield _entry(output, kind, author, text=text, chain=message.chain)
        elif isinstance(message, Alert) and message.rule in {"control", "limits"}:
            text = f"ALERT {message.rule}: {message.message}"
            yield _entry(output, "refusal", RELEASE, text=text, chain=message.chain)


def _versions(reader: OutputReader, period: Period) -> Iterator[Entry]:
    """Yield where the decisions of a partition change from one release to another."""
    known: dict[int, str] = {}
    for output in reader.read(DECISIONS.name, period=period):
        # The field is near the end; decoding every decision would take many times as long.
        found = _VERSION.findall(output.value)
        version = found[-1].decode() if found else known.get(output.partition, "")
        before = known.get(output.partition)
        known[output.partition] = version
        if before is not None and before != version:
            text = f"RULES {version} decide partition {output.partition} instead of {before}"
            yield replace(_entry(output, "version", RELEASE, text=text), account_id=EVERYONE)


def _entry(  # noqa: PLR0913 - The fields of an entry.
    output: Output,
    kind: Kind,
    author: str,
    *,
    text: str,
    changes: list[str] | None = None,
    chain: str = "",
) -> Entry:
    return Entry(
        at_ms=output.at_ms,
        kind=kind,
        account_id=output.account_id,
        author=author,
        text=text,
        changes=changes or [],
        topic=output.topic,
        partition=output.partition,
        offset=output.offset,
        chain=chain,
    )
