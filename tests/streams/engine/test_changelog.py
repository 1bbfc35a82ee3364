from collections.abc import Mapping

from pipeline.streams.engine.changelog import Changelog
from pipeline.streams.engine.partition_store import APPLIED, PartitionStore
from pipeline.streams.role_interface import Headers

HEADERS = {"__column_family__": b"default"}


class Reporting:
    """quixstreams' producer of the changelog, and the engine's: what each sent, in order."""

    changelog_name = "changelog"
    partition = 2

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bytes | None]] = []

    def produce(
        self, key: bytes, value: bytes | None = None, headers: Mapping[str, bytes] | None = None
    ) -> None:
        assert headers == HEADERS
        self.sent.append(("reported", key, value))

    def __call__(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        assert (topic, partition, headers) == ("changelog", 2, [*HEADERS.items()])
        self.sent.append(("plain", key or b"", value))


class Transaction(dict[bytes, bytes | None]):
    """A store's transaction: what is in it, in the order of writing."""

    def get_bytes(self, key: bytes, prefix: bytes) -> bytes | None:
        return self.get(prefix + key)

    def set_bytes(self, key: bytes, value: bytes, prefix: bytes) -> None:
        self[prefix + key] = value

    def delete(self, key: bytes, prefix: bytes) -> None:
        self[prefix + key] = None


def test_only_what_comes_last_is_reported_when_a_commit_is_sent() -> None:
    sent = Reporting()
    changelog = Changelog(sent, sent)

    for key, value in ((b"s|a", b"1"), (APPLIED, b"7"), (b"s|b", None)):
        changelog.produce(key=key, value=value, headers=HEADERS)

    assert sent.sent == [
        ("plain", b"s|a", b"1"),
        ("reported", APPLIED, b"7"),
        ("reported", b"s|b", None),
    ]


def test_offset_comes_last_when_what_waited_is_brought_into_the_transaction() -> None:
    transaction = Transaction()
    store = PartitionStore(lambda: transaction, lambda _: b"old", changelog_id="id")
    store.set(b"a", b"1")
    store.delete(b"b")

    store.set_applied(7, "mark")

    assert [*transaction.items()] == [
        (b"s|a", b"1"), (b"s|b", None), (b"changelog", b"id"), (b"last", b"mark"),
        (APPLIED, b"7"),
    ]  # fmt: skip


def test_read_sees_what_was_written_when_it_is_not_committed() -> None:
    store = PartitionStore(Transaction, {b"s|a": b"old", b"s|b": b"old"}.get, changelog_id="id")

    store.set(b"a", b"new")
    store.delete(b"b")

    assert [store.get(key) for key in (b"a", b"b", b"c")] == [b"new", None, None]
