"""A partition's changelog: its records go out with the outputs, and one of them says how far.

Apart from application.py because it needs of quixstreams only what it stands in for.
"""

from collections.abc import Mapping
from typing import Protocol

from pipeline.streams.engine.partition_store import APPLIED
from pipeline.streams.role_interface import Produce

__all__ = ["Changelog", "Reported"]


class Reported(Protocol):
    """quixstreams' own producer of a changelog: each delivery is reported to Python."""

    changelog_name: str
    partition: int

    def produce(
        self, key: bytes, value: bytes | None = None, headers: Mapping[str, bytes] | None = None
    ) -> None: ...


class Changelog:
    """Ask for a report only of what comes last in a commit: its offset is the highest.

    A record that Kafka refuses fails the transaction, reported or not.
    """

    def __init__(self, reported: Reported, produce: Produce) -> None:
        self.changelog_name = reported.changelog_name
        self.partition = reported.partition
        self._reported = reported
        self._produce = produce

    def produce(
        self, key: bytes, value: bytes | None = None, headers: Mapping[str, bytes] | None = None
    ) -> None:
        """Send a record of the changelog."""
        if value is None or key == APPLIED:  # Written last, and deletions after all that.
            self._reported.produce(key=key, value=value, headers=headers)
        else:
            known = None if headers is None else [*headers.items()]
            self._produce(
                self.changelog_name,
                key=key,
                value=value,
                partition=self.partition,
                headers=known,
            )
