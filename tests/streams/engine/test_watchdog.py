"""A process ends when its main thread does not come back, with Python's lock in its hand or not."""

import faulthandler
import subprocess
import time

import pytest

from pipeline.streams.engine.watchdog import Watchdog
from pipeline.streams.roles.children import python_command

STALLED = """
import ctypes, time
from pathlib import Path
from pipeline.streams.engine.last_stops import Cause, note_stop
from pipeline.streams.engine.watchdog import Watchdog

note = lambda: note_stop(Path({folder!r}), Cause.STALLED)
with Watchdog("risk", seconds_max=1, on_end=note) as watchdog:
    for _ in range(4):
        time.sleep(0.5)
        watchdog.beat()
    {call}
"""
IN_PYTHON = "time.sleep(60)"
IN_C_WITH_THE_LOCK = "ctypes.PyDLL(None).sleep(60)"  # As confluent-kafka's assign and subscribe.
IN_C_WITHOUT_THE_LOCK = "ctypes.CDLL(None).sleep(60)"


def test_life_that_is_over_arms_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    armed: list[object] = []
    with Watchdog("risk", seconds_max=30, on_end=lambda: None) as watchdog:
        pass
    monkeypatch.setattr(faulthandler, "dump_traceback_later", lambda *_, **__: armed.append(1))
    watchdog._armed_s = 0.0

    watchdog.beat()  # While the session that it was of comes to its end.

    assert armed == []


def end(call: str, folder: object) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a process that ends in this call; return it and how long it took."""
    began_s = time.monotonic()
    script = STALLED.format(call=call, folder=str(folder))
    command = python_command("-c", script)
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    return done, time.monotonic() - began_s


@pytest.mark.parametrize("call", [IN_PYTHON, IN_C_WITHOUT_THE_LOCK])
def test_process_ends_with_a_sentence_when_its_main_thread_stands(
    call: str, tmp_path: object
) -> None:
    done, seconds = end(call, tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("riskgate: risk stopped: its main thread was stuck")
    assert "most recent call first" in done.stderr  # Where it stands.
    assert "Python's lock" not in done.stderr
    assert 3 <= seconds < 6


def test_process_ends_with_a_sentence_when_its_main_thread_stands_with_the_lock(
    tmp_path: object,
) -> None:
    done, seconds = end(IN_C_WITH_THE_LOCK, tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("Timeout (0:00:06)!")
    assert (
        "riskgate: risk stopped: its main thread was stuck for 6 s in a call that holds "
        "Python's lock (its stack is the last one below). Nothing was committed after that; a "
        "restart resumes from the last commit"
    ) in done.stderr
    last_stack = done.stderr.rpartition("most recent call first")[2]
    assert last_stack.splitlines()[1:] == ['  File "<string>", line 12 in <module>']
    assert 7 <= seconds < 12


def test_process_ends_when_a_thread_beside_the_main_one_stands(tmp_path: object) -> None:
    alive = "watchdog.beat_of('second thread')\n    while True: watchdog.beat(); time.sleep(0.1)"

    done, seconds = end(alive, tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("riskgate: risk stopped: its second thread was stuck")
    assert 3 <= seconds < 7


def test_process_goes_on_when_its_main_thread_comes_back(tmp_path: object) -> None:
    done, _ = end("pass", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
