import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from pipeline.errors import StartupError
from pipeline.local.kafka import LocalKafka
from pipeline.streams.roles.children import python_command


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[LocalKafka]:
    """Run a broker that these tests may harm."""
    with LocalKafka() as running:
        yield running


def topics(kafka: LocalKafka) -> set[str]:
    client = AdminClient({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    return set(client.list_topics(timeout=2).topics)


def processes_of(folder: Path) -> list[str]:
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # It may end meanwhile.
            if str(folder) in command.read_text(errors="replace"):
                found.append(command.parent.name)
    return found


def test_topics_are_still_there_when_the_node_was_killed_and_restarted(
    own_kafka: LocalKafka,
) -> None:
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap, "log_level": 0})
    admin.create_topics([NewTopic("kept", 1)])["kept"].result(10)

    own_kafka.kill()
    own_kafka.restart()

    assert topics(own_kafka) == {"kept"}


def test_nothing_answers_when_the_node_is_paused(own_kafka: LocalKafka) -> None:
    own_kafka.pause()

    with pytest.raises(KafkaException):
        topics(own_kafka)

    own_kafka.resume()
    assert topics(own_kafka) >= set()


def test_reason_is_said_when_the_node_does_not_start() -> None:
    kafka = LocalKafka(settings={"log.segment.bytes": "-1"})

    with pytest.raises(StartupError, match=r"log\.segment\.bytes"):
        kafka.start()

    assert not kafka.folder.exists()


PARENT = """
import sys, time
from pathlib import Path
from pipeline.local.kafka import LocalKafka
kafka = LocalKafka(folder=Path(sys.argv[1]))
kafka.start()
print("up", flush=True)
time.sleep(600)
"""


def test_no_process_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    command = python_command("-c", PARENT, str(tmp_path))
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"

    parent.send_signal(signal.SIGKILL)
    parent.communicate()

    deadline = time.monotonic() + 10
    while processes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(tmp_path) == []
