"""Commits come as soon as nothing more is to be read, in time when there is, and never empty."""

import signal
import threading
import time

import pytest

from bench.passthrough import null_passthrough
from tests.kafka.rig import Rig, until

SOON_SECONDS = 1.0


def is_visible(rig: Rig) -> bool:
    """Return whether a reader of committed messages sees an output within a second."""
    deadline_s = time.monotonic() + SOON_SECONDS
    while time.monotonic() < deadline_s:
        if rig.end(rig.target, stable=True) > 0:
            return True
    return False


def test_an_output_is_late_when_quixstreams_waits_for_its_interval(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.make_both()
    names = {"group": rig.name, "source": rig.source, "target": rig.target}
    app = null_passthrough(rig.brokers, **names, folder=rig.folder, commit_seconds=5)
    monkeypatch.setattr(app, "_setup_signal_handlers", lambda: None)  # Not in a thread.
    thread = threading.Thread(target=app.run)
    thread.start()
    rig.feed(1)
    until(lambda: rig.end(rig.target) > 0)

    assert not is_visible(rig)
    app.stop()
    thread.join()


def test_an_output_is_there_when_nothing_more_is_to_be_read(rig: Rig) -> None:
    rig.make_both()
    worker = rig.risk(rig.settings(checkpoint_interval_ms=60_000)).ready()

    rig.feed(1)

    assert is_visible(rig)
    until(lambda: rig.committed() == 1)  # Long before the interval ends.
    worker.stop()


def test_commits_come_in_time_when_there_is_always_more_to_read(rig: Rig) -> None:
    rig.make_both()
    rig.feed(400)
    worker = rig.risk(rig.settings(checkpoint_interval_ms=200), seconds=0.004).ready()

    until(lambda: len(worker.role.applied) == 400)
    worker.stop()

    # At least 1.6 s of work, and one barrier in each 0.2 s; only the last need not wait for it.
    span_s = worker.tally.committed_s[-2] - worker.tally.committed_s[0]
    assert 3 <= len(worker.tally.commits) <= span_s / 0.2 + 3
    assert sum(worker.tally.commits) == 400


def test_nothing_is_committed_when_nothing_was_read(rig: Rig) -> None:
    rig.make_both()
    worker = rig.risk(rig.settings()).ready()

    time.sleep(1)
    worker.stop()

    assert worker.tally.commits == []
    assert rig.end(rig.settings().changelog) == 0


def test_everything_applied_is_committed_when_the_worker_is_asked_to_stop(rig: Rig) -> None:
    rig.make_both()
    rig.feed(500)
    process = rig.process("risk", seconds=0.01, checkpoint_interval_ms=60_000)
    until(lambda: rig.end(rig.target) > 10)

    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    outputs = rig.outputs()
    assert [output.offset for output in outputs] == list(range(rig.committed()))
    assert 10 < rig.committed() < 500


def test_everything_delivered_is_committed_when_ingest_is_asked_to_stop(rig: Rig) -> None:
    rig.make_both()
    rig.feed(500)
    process = rig.process("ingest", seconds=0.01, checkpoint_interval_ms=60_000)
    until(lambda: rig.end(rig.target) > 10)

    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    assert [output.offset for output in rig.outputs()] == list(range(rig.committed()))
