"""A broker loses the end of a log, and other records take its place: nobody takes them for the old.

Power went before the disk had what was acknowledged; a cluster does so when min ISR is 1.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from pipeline.local.kafka import LocalKafka
from pipeline.streams.role_interface import LogChanged
from tests.kafka.rig import Rig, Worker, until

Start = Callable[[], Worker]
OTHER = r"last record read of .*events\[0\], at 9, is another one now"


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Callable[[str, bytes], Start]]:
    """Return what reads ten records in a role, cuts the log to six and writes seven others."""
    with LocalKafka(settings={"group.min.session.timeout.ms": "1000"}) as kafka:
        rig = Rig(kafka.bootstrap, tmp_path)

        def lose(kind: str, value: bytes) -> Start:
            rig.make_both()

            def start() -> Worker:
                return rig.risk(rig.settings()) if kind == "risk" else rig.ingest(rig.settings())

            for _ in range(10):
                rig.feed(1, value=b"first")  # Each a batch of its own.
            worker = start().ready()
            until(lambda: rig.committed() == 10)
            worker.stop()
            rig.leave()
            cut(kafka, rig.source, batches=6)
            rig.admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
            until(lambda: rig.ends_at(rig.source, 6))
            for _ in range(7):
                rig.feed(1, value=value)
            return start

        lose.rig = rig  # type: ignore[attr-defined]
        yield lose
        rig.close()


@pytest.mark.parametrize("value", [b"second", b"first"])
@pytest.mark.parametrize("kind", ["risk", "ingest"])
def test_the_worker_stops_when_other_records_took_the_place_of_lost_ones(
    lost: Callable[[str, bytes], Start], kind: str, value: bytes
) -> None:
    start = lost(kind, value)

    with pytest.raises(LogChanged, match=OTHER):
        start().ready()


def test_ingest_goes_on_when_its_offset_was_set_by_hand(
    lost: Callable[[str, bytes], Start],
) -> None:
    start, rig = lost("ingest", b"second"), lost.rig  # type: ignore[attr-defined]
    rig.commit(6)

    worker = start().ready()

    until(lambda: rig.committed() == 13)
    assert [record.offset for record in worker.role.applied] == [6, 7, 8, 9, 10, 11, 12]
    worker.stop()


def cut(kafka: LocalKafka, topic: str, *, batches: int) -> None:
    """Kill the broker and leave so many batches of a log on its disk."""
    kafka.kill()
    log = next(kafka.folder.rglob(f"{topic}-0/00000000000000000000.log"))
    raw, end = log.read_bytes(), 0
    for _ in range(batches):
        end += 12 + int.from_bytes(raw[end + 8 : end + 12], "big")
    log.write_bytes(raw[:end])
    for pattern in ("*.index", "*.timeindex", "*.snapshot"):
        for file in log.parent.glob(pattern):
            file.unlink()
    for name in ("recovery-point-offset-checkpoint", "replication-offset-checkpoint"):
        for file in kafka.folder.rglob(name):
            file.unlink()
    kafka.restart()
