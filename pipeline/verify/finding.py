"""What the judge reports: a broken invariant, where it is, what was found and expected."""

from msgspec import Struct

from pipeline.verify.records import Record

__all__ = ["Finding", "finding_at", "shown"]

SHOWN_CHARACTERS_MAX = 160


class Finding(Struct, frozen=True):
    """One broken invariant; `topic` is without the prefix."""

    invariant: str
    account_id: str
    topic: str
    partition: int
    offset: int
    found: str
    expected: str

    def sentence(self) -> str:
        """Return the finding in one sentence for people."""
        place = f"{self.topic} {self.partition} at offset {self.offset}"
        return (
            f"{self.invariant}: {self.account_id}, {place}: {self.found}; expected {self.expected}"
        )


def finding_at(  # noqa: PLR0913 - The parts of a finding.
    record: Record, invariant: str, *, account_id: str, found: str, expected: str
) -> Finding:
    """Report what a record breaks."""
    return Finding(
        invariant,
        account_id,
        record.topic,
        record.partition,
        record.offset,
        found,
        expected,
    )


def shown(value: bytes) -> str:
    """Return the beginning of a value as text."""
    text = value.decode(errors="backslashreplace")
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + " ..."
