"""What is published twice is the same to the byte: an output that differs is a fork."""

from collections.abc import Iterator

from pipeline.verify.finding import Finding, finding_at, shown
from pipeline.verify.recent import Recent, digest_of
from pipeline.verify.records import Message, Record, identity

__all__ = ["Doubles"]


class Doubles:
    """The outputs of each account that came last."""

    def __init__(self) -> None:
        self._seen: dict[str, Recent] = {}
        self.equal = 0  # Byte-equal doubles, which are allowed.

    def judge(self, record: Record, message: Message) -> Iterator[Finding | None]:
        """Yield None for an allowed double, a finding for another content, nothing if new."""
        name = identity(message)
        if not name:
            return
        seen = self._seen.setdefault(message.account_id, Recent())
        key, digest = digest_of(f"{record.topic} {name}".encode()), digest_of(record.value)
        before = seen.get(key)
        if before is None:
            seen.put(key, digest)
        elif before == digest:
            self.equal += 1
            yield None
        else:
            yield finding_at(
                record,
                "double",
                account_id=message.account_id,
                found=f"{name} is published again with other content: {shown(record.value)}",
                expected="the bytes that were published first, or no second record",
            )
