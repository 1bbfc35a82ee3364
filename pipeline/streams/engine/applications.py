"""The two kinds of worker: one that keeps a state, and one that passes records on.

Apart from application.py because they need nothing of quixstreams but what that one holds.
"""

from confluent_kafka import Consumer

from pipeline.streams.engine.application import StreamApplication
from pipeline.streams.engine.checkpoint import Keeper
from pipeline.streams.engine.keepers import OffsetKeeper, StateKeeper
from pipeline.streams.role_interface import Place

__all__ = ["IngestApplication", "RiskApplication"]


class RiskApplication(StreamApplication):
    """State exactly once, with the offsets of one topic; outputs at once, always the same bytes."""

    stateful = True

    def heard(self, place: Place, offset: int) -> None:
        """Note an output of others that was read and compared: no takeover has to read it again."""
        self._sender.ends.deliver(place, offset)

    def _keeper(self, consumer: Consumer) -> Keeper:
        return StateKeeper(
            self._producer,
            self._with_state,
            consumer=consumer,
            settings=self._settings,
            stores=self._stores,
            disk=self._state,
        )


class IngestApplication(StreamApplication):
    """At least once and without gaps: offsets move only after delivery of all before them."""

    stateful = False

    def _keeper(self, consumer: Consumer) -> Keeper:
        return OffsetKeeper(consumer)
