"""Answers that take long, worked out at most twice a second for all who ask the same.

Every open page asks twice a second, and with many accounts the model changes all the time. What
works out gets a fifth of the time at most: the reader of Kafka needs the rest.
"""

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Kept"]

KEPT_MAX = 64  # As many as there are streams.
KEPT_SECONDS = 0.5

Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")


class Kept(Generic[Asked, Answer]):
    """The answers that were asked for last, each as old as KEPT_SECONDS or four times its work."""

    def __init__(self) -> None:
        self._lock = Lock()  # Who asks the same meanwhile gets what is being worked out.
        self._answers: dict[Asked, tuple[int, float, Answer]] = {}

    def of(self, asked: Asked, revision: int, work_out: Callable[[], Answer]) -> Answer:
        """Return an answer.

        revision: of what it is worked out from; as long as that stays the answer holds.
        """
        with self._lock:
            found = self._answers.pop(asked, None)
            now_s = time.monotonic()
            if found is None or (found[0] != revision and now_s >= found[1]):
                answer, done_s = work_out(), time.monotonic()
                found = revision, now_s + max(KEPT_SECONDS, 5 * (done_s - now_s)), answer
            self._answers[asked] = found  # Now the one asked for last.
            if len(self._answers) > KEPT_MAX:
                del self._answers[next(iter(self._answers))]
            return found[2]
