"""Encode what an event brings out, less what is published of it already.

Apart from decide.py because this runs inside the step's boundary: an output that cannot be written
undoes the whole event.
"""

from collections.abc import Callable, Mapping

from pipeline.risk.account.account import Shared
from pipeline.risk.step import Step, topic_of
from pipeline.risk.structs import replace
from pipeline.streams.observe import metrics
from pipeline.streams.observe.tally import Tally
from pipeline.streams.roles.decide.redo import Fork, Redo, Row
from topics import codec
from topics.alerts import Alert
from topics.decisions import Stop
from topics.emergency_stops import EmergencyStop

__all__ = ["Encoding"]

HALTS = (Alert, EmergencyStop, Stop)  # What goes out of an event that only halts its account.


class Encoding:
    """Write outputs as bytes, before any of them goes out."""

    def __init__(
        self, topics: Mapping[str, str], *, is_silent: Callable[[Shared], bool], tally: Tally
    ) -> None:
        self._topics = topics
        self._is_silent = is_silent  # Whether another release publishes.
        self._tally = tally

    def all_of(self, taken: Step) -> list[Row]:
        """Write what goes out of an event."""
        topics = self._topics
        return [Row(topics[topic_of(output)], codec.encode(output)) for output in taken.outputs]

    def of(self, redo: Redo | None, account_id: str) -> Callable[[Step], list[Row]]:
        """Return what encodes an event; with a redo, what is not published of it yet.

        After a fork nothing of the event goes out but that its account is halted.
        """
        if redo is None:
            return self.all_of
        is_fork = False

        def encode(taken: Step) -> list[Row]:
            nonlocal is_fork
            if is_fork:
                halts = (o for o in taken.outputs if isinstance(o, HALTS))
                return self.all_of(replace(taken, outputs=tuple(halts)))
            rows = self.all_of(taken)
            if self._is_silent(taken.shared):  # All of it is kept, and compared.
                redo.drop(account_id, taken)
                return rows
            try:
                return redo.to_send(account_id, taken, rows)
            except Fork:
                is_fork = True
                self._tally.count(metrics.FORKS)
                raise

        return encode
