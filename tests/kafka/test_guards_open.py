"""A worker that stands still inside a checkpoint holds its heir up no longer than its session."""

import os
import signal
import time
from pathlib import Path

import pytest

from pipeline.streams.engine import fencing
from tests.kafka.rig import SESSION_MS, Output, Rig, until

FIRST, SECOND = 20, 30  # Records before the freeze, and after it.
TRANSACTION_MS = 60_000  # Far longer than anybody waits here.
# The group's own time, a second of grace, the restore; the machine may be busy.
HEIR_SECONDS_MAX = SESSION_MS / 1000 + 10


def freeze_in_commit(rig: Rig) -> int:
    """Let a worker freeze itself inside a commit; return its process."""
    rig.make_both()
    rig.feed(FIRST)
    frozen = rig.process("risk, frozen in its commit", transaction_timeout_ms=TRANSACTION_MS)
    until(lambda: rig.committed() == FIRST)
    rig.feed(SECOND)
    until(lambda: Path(f"/proc/{frozen.pid}/stat").read_text(encoding="utf-8").split()[2] == "T")
    return frozen.pid


def test_heir_decides_soon_after_the_session_when_a_worker_froze_in_its_commit(rig: Rig) -> None:
    frozen = freeze_in_commit(rig)
    began_s = time.monotonic()
    heir = rig.risk(rig.settings(instance="second", state_dir=rig.folder / "second"))
    rig.feed(1)
    until(lambda: len({output.n for output in rig.outputs()}) == FIRST + SECOND + 1)

    assert time.monotonic() - began_s < HEIR_SECONDS_MAX
    os.kill(frozen, signal.SIGCONT)
    until(lambda: "lost its Kafka session" in Path(rig.log).read_text(encoding="utf-8"))
    heir.stop()
    assert set(rig.outputs()) == {Output(b"a", n, n - 1) for n in range(1, FIRST + SECOND + 2)}


def test_heir_waits_for_the_transaction_when_nobody_ends_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fencing, "names_at", lambda *_, beat: set())
    freeze_in_commit(rig)
    heir = rig.risk(rig.settings(instance="second", state_dir=rig.folder / "second"))

    time.sleep(HEIR_SECONDS_MAX)

    assert not heir.app.status.ready
    heir.app.stop()
