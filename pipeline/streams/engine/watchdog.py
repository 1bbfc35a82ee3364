"""The end of a process whose main thread does not come back from a call.

A call of Kafka's client may wait for ever, and some of them keep Python's lock while they wait
(subscribe, assign, pause, resume, memberid and the group's metadata in confluent-kafka): then no
other Python thread runs either. So two watch: a thread, which can say what happened, and
faulthandler's timer, which is plain C and needs no lock. The timer can print only stacks, so its
sentence is on one of them: see `_wait_under`.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable
from types import FunctionType
from typing import NoReturn, Self

__all__ = ["Watchdog"]

FAILED = 1  # As the README says of a running process.
LOOK_SECONDS = 1.0
MAIN = "main thread"
RESUMES = "Nothing was committed after that; a restart resumes from the last commit"
MARGIN_SECONDS = 5.0  # The thread comes first, if it can.


class Watchdog:
    """End the process, from `with` to its end, once nobody called `beat` for so long.

    Seconds are counted while the process runs: one that was frozen is not ended for that by the
    thread. on_end: what is still to be done, by another thread than the main one.
    """

    def __init__(self, name: str, *, seconds_max: float, on_end: Callable[[], None]) -> None:
        self._name = name
        self._seconds_max = seconds_max
        self._on_end = on_end
        self._silent_looks = {MAIN: 0}  # By thread.
        self._armed_s = 0.0
        self._over = threading.Event()
        wait = _wait_under(self._sentence_of_timer())
        self._words = threading.Thread(target=wait, args=(self._over,), daemon=True)

    def __enter__(self) -> Self:
        self._arm(time.monotonic())
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        self._words.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        faulthandler.cancel_dump_traceback_later()

    def beat(self) -> None:
        """Say that the main thread is alive. Cheap: the timer is set again once a second."""
        self._silent_looks[MAIN] = 0
        now_s = time.monotonic()
        if now_s - self._armed_s > LOOK_SECONDS and not self._over.is_set():
            self._arm(now_s)  # Once it is over nobody would cancel that.

    def beat_of(self, thread: str) -> Callable[[], None]:
        """Watch one more thread; return what it is to call."""
        silent_looks = self._silent_looks

        def beat() -> None:
            silent_looks[thread] = 0

        beat()
        return beat

    def _arm(self, now_s: float) -> None:
        self._armed_s = now_s
        faulthandler.dump_traceback_later(self._seconds_max + MARGIN_SECONDS, exit=True)

    def _watch(self) -> None:
        step_s = min(LOOK_SECONDS, self._seconds_max / 4)
        while not self._over.wait(step_s):
            for thread in list(self._silent_looks):
                self._silent_looks[thread] += 1
                # The first is a part.
                if (self._silent_looks[thread] - 1) * step_s >= self._seconds_max:
                    self._end(thread)

    def _sentence_of_timer(self) -> str:
        return (
            f"riskgate: {self._name} stopped: its {MAIN} was stuck for "
            f"{self._seconds_max + MARGIN_SECONDS:g} s in a call that holds Python's lock (its "
            f"stack is the last one below). {RESUMES}"
        )

    def _end(self, thread: str) -> NoReturn:
        self._over.set()
        self._words.join(LOOK_SECONDS)  # Its sentence would be wrong among these stacks.
        sys.stderr.write(
            f"riskgate: {self._name} stopped: its {thread} was stuck in a call for "
            f"{self._seconds_max:g} s (its stack is below). {RESUMES}\n"
        )
        faulthandler.dump_traceback(all_threads=True)
        self._on_end()
        sys.stderr.flush()
        os._exit(FAILED)  # Nothing that is tidied up may wait for that call.


def _wait(over: threading.Event) -> None:
    over.wait()


def _wait_under(sentence: str) -> Callable[[threading.Event], object]:
    """Return `_wait` with a frame that is shown under a sentence instead of its file.

    faulthandler writes "Timeout", then the stacks: file, line and function of each frame, straight
    from memory. So a thread that waits in there says it when no Python code can run anymore.
    """
    code = _wait.__code__.replace(co_filename=sentence, co_name="watchdog")
    return FunctionType(code, {})
