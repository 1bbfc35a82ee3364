"""The state of one partition as a role sees it, and what the engine keeps beside the role's keys.

Apart from application.py because it needs of quixstreams only what reads a key from the disk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

__all__ = ["APPLIED", "CHANGELOG", "LAST", "OUTPUTS", "PartitionStore"]

# The engine's own keys in the store: the partition's next offset, the record before it, how far
# each topic of outputs was, and the id of the changelog that has all of it. The last is written
# once, so a changelog made anew or cut does not have it.
APPLIED = b"applied"
CHANGELOG = b"changelog"
LAST = b"last"  # The mark of the record before `applied`.
OUTPUTS = b"outputs"  # By topic, the first offset that an output after `applied` may have.
OURS = b"s|"  # Written before a role's keys: so none of them is one of those.


class PartitionStore:
    """A role's view of one partition's state: what it wrote, what is being saved, and the disk.

    A checkpoint is saved beside the work, so there are two layers above the disk: `_saving` is
    the state as of the barrier and changes no more but for what the role writes with `save`;
    `_written` is what came after it. A plain dict each: the library asks much more of each key.
    """

    def __init__(self, read: Callable[[bytes], object], *, changelog_id: str) -> None:
        self._read = read
        self._changelog_id = changelog_id.encode()
        self._written: dict[bytes, bytes | None] = {}  # None: deleted.
        self._saving: dict[bytes, bytes | None] = {}
        self._is_frozen = False

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, as written last."""
        if key in self._written:
            return self._written[key]
        if key in self._saving:
            return self._saving[key]
        return self._on_disk(OURS + key)

    def set(self, key: bytes, value: bytes) -> None:
        """Write a value."""
        self._written[key] = value

    def delete(self, key: bytes) -> None:
        """Forget a key."""
        self._written[key] = None

    def save(self, key: bytes, value: bytes) -> None:
        """Write a value as of the barrier of the checkpoint that is being saved.

        A partition that did not move since the one before takes no part in it: the value waits.
        """
        (self._saving if self._is_frozen else self._written)[key] = value

    def applied(self) -> int | None:
        """Return the offset that this state belongs to; None: it never belonged to one."""
        position = self._on_disk(APPLIED)
        return None if position is None else int(position)

    def mark(self) -> str | None:
        """Return what was noted of the last record applied."""
        mark = self._on_disk(LAST)
        return None if mark is None else mark.decode()

    def outputs(self) -> dict[str, int]:
        """Return, by topic, where the outputs of what was applied after this state may begin."""
        noted = self._on_disk(OUTPUTS)
        return {} if noted is None else msgspec.json.decode(noted, type=dict[str, int])

    def is_whole(self) -> bool:
        """Return whether the changelog has everything since the first commit."""
        return self._on_disk(CHANGELOG) == self._changelog_id

    def freeze(self) -> None:
        """Take the barrier: what was written up to here is what the checkpoint saves."""
        assert not self._is_frozen, "a checkpoint is saved before the next one begins"
        self._saving, self._written = self._written, {}
        self._is_frozen = True

    def changes(
        self, position: int, *, mark: str | None, outputs: Mapping[str, int]
    ) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield what the checkpoint writes to changelog and disk, in order; APPLIED is last.

        position: the next offset at the barrier; mark: of the record before it, None: that of an
        earlier checkpoint is still right.
        """
        for key in list(self._saving):
            yield OURS + key, self._saving[key]
        if self._on_disk(CHANGELOG) is None:
            yield CHANGELOG, self._changelog_id
        if mark is not None:
            yield LAST, mark.encode()
        yield OUTPUTS, msgspec.json.encode(self.outputs() | dict(outputs))
        yield APPLIED, b"%d" % position

    def forget(self, keys: Iterable[bytes]) -> None:
        """Let go of what is on the disk by now, as `changes` named it.

        Some at a time: to free ten thousand accounts at once takes longer than a decision may wait.
        """
        for key in keys:
            if key.startswith(OURS):
                self._saving.pop(key[len(OURS) :], None)

    def thaw(self) -> None:
        """Forget what was being saved: it is on the disk."""
        self._saving = {}
        self._is_frozen = False

    def _on_disk(self, key: bytes) -> bytes | None:
        found = self._read(key)
        return found if isinstance(found, bytes) else None
