"""What is known of a topic: name, who writes and reads it, how it is keyed and kept, examples.

Creation, checks, ACLs, schemas, metric labels and documentation all follow from these records.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

DAY_MS = 86_400_000
FOREVER = -1

Who = Literal[
    "strategy", "engine", "desk", "market", "operator", "ingest", "risk", "broadcast", "anyone"
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """One topic; `name` is without the configured prefix."""

    name: str
    direction: Literal["in", "between", "out"]
    message: object  # A Struct type, or the union of several.
    key: Literal["account_id", "symbol", "source_key"]
    example: Struct
    writers: tuple[Who, ...]
    readers: tuple[Who, ...]
    retention_ms: int = 7 * DAY_MS  # FOREVER keeps.
    compacted: bool = False
    append_time: bool = False  # LogAppendTime: the broker's clock, whoever wrote.
    copartitioned: bool = False  # Exactly as many partitions as `events`.
    message_bytes_max: int = 1_048_576
    schema_extra: Mapping[str, object] = field(
        default_factory=dict, hash=False
    )  # Beyond the types.
    more_examples: tuple[Struct, ...] = ()  # Of the other messages of a union.

    @property
    def examples(self) -> tuple[Struct, ...]:
        """Return an example of each message type."""
        return (self.example, *self.more_examples)
