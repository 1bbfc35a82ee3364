"""Recognize rows that were sent again, so that people count each of them once.

Risk sends at least once, always the same bytes: after a crash the events behind the checkpoint are
decided again. Each writer sends a partition in order and without gaps, so a lower sequence than the
last one of an account can only be a repetition; of the last one, the bytes tell. Two replica sets
send all of it twice, and one of them may be far behind the other.
"""

from typing import NamedTuple

from pipeline.outputs.record import Output
from pipeline.streams.clients.row_ages import RowAges

__all__ = ["Repetitions"]

LETTERS_MAX = 65_536  # Dead letters that are remembered; they repeat within one checkpoint.
STATES = "account_states"
LETTERS = "dead_letters"
SHADOWS = "shadows"  # Of several releases at once, each with its own order.


class _Last(NamedTuple):
    sequence: int
    chain: str
    rows: set[bytes]


class Repetitions:
    """What was seen; memory grows with the accounts, not with their rows."""

    def __init__(self, forks: set[str]) -> None:
        self._forks = forks  # Filled with accounts of which one sequence came with two chains.
        self._last: dict[tuple[str, int, str], _Last] = {}
        self._ages: RowAges[tuple[int, str]] = RowAges()
        self._letters: dict[bytes, None] = {}

    def is_repeated(self, output: Output, *, chain: str) -> bool:
        """Whether a row was seen before, or is one of account_states older than one that was seen.

        Never what people write.
        """
        if output.topic == LETTERS:
            return self._is_known_letter(output.value)
        if output.topic == STATES:
            place = output.partition, output.account_id
            return self._ages.is_older(place, sequence=output.sequence, at_ms=output.at_ms)
        if not output.sequence or output.topic == SHADOWS:
            return False
        stream = (output.topic, output.partition, output.account_id)
        last = self._last.get(stream)
        if last is None or output.sequence > last.sequence:
            self._last[stream] = _Last(output.sequence, chain, {output.value})
            return False
        if output.sequence < last.sequence:
            return True
        if chain != last.chain:
            self._forks.add(output.account_id)
        is_known = output.value in last.rows
        last.rows.add(output.value)
        return is_known

    def _is_known_letter(self, value: bytes) -> bool:
        if value in self._letters:
            return True
        self._letters[value] = None
        if len(self._letters) > LETTERS_MAX:
            del self._letters[next(iter(self._letters))]
        return False
