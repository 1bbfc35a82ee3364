"""Search of what happened to accounts: decisions by signal, account, time and rule, and between
them exits, stops, controls and changes of limits.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output, Period, message_of
from topics.controls import Control
from topics.decisions import TOPIC, Decision
from topics.fields import EVERYONE, DecodeError
from topics.limits import LimitsDocument

__all__ = ["Found", "Wanted", "find"]


class Wanted(NamedTuple):
    """The criteria of a search; None matches everything."""

    from_ms: int
    to_ms: int
    signal_id: str | None = None
    account_id: str | None = None
    rule: str | None = None  # One of the decision's reasons.
    refused: bool = False  # Only what was not approved as requested.

    def holds(self, decision: Decision) -> bool:
        """Whether a decision meets all criteria."""
        return (
            self.from_ms <= decision.at_ms <= self.to_ms
            and self.signal_id in {None, decision.signal_id}
            and self.account_id in {None, decision.account_id}
            and (self.rule is None or self.rule in decision.reasons)
            and not (self.refused and decision.verdict == "approved")
        )


class Found(NamedTuple):
    """Something that happened, and where it is recorded."""

    output: Output
    message: Struct


def find(reader: OutputReader, wanted: Wanted, *, between: bool) -> Iterator[Found]:
    """Yield matching decisions; between: also exits, stops, controls and documents in that time.

    Reads only the partition of the account when one is given. Raise BrokerError on failure.
    """
    period = Period(wanted.from_ms, wanted.to_ms)
    for output in reader.read(TOPIC.name, period=period, account=wanted.account_id):
        # Most do not match: searching the bytes is much cheaper than decoding them.
        if wanted.signal_id is not None and wanted.signal_id.encode() not in output.value:
            continue
        message = message_of(output)
        is_wanted = wanted.holds(message) if isinstance(message, Decision) else between
        if is_wanted:
            yield Found(output, message)
    if between:
        yield from _from_people(reader, wanted, period)


def _from_people(reader: OutputReader, wanted: Wanted, period: Period) -> Iterator[Found]:
    """Yield what people ordered for the account, or for every one."""
    for output in reader.read("controls", "limits", period=period):
        if wanted.account_id is not None and output.account_id not in {EVERYONE, wanted.account_id}:
            continue
        try:
            message = message_of(output)
        except DecodeError:
            continue  # Ingest made it a dead letter; it did nothing.
        if isinstance(message, Control | LimitsDocument):
            yield Found(output, message)
