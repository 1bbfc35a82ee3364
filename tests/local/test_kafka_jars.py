import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.errors import StartupError
from pipeline.local import kafka_lock, maven
from pipeline.local.kafka_jars import class_path
from pipeline.local.kafka_lock import Jar, locked_jars
from pipeline.streams.roles.children import python_command

BYTES = {"org.apache.kafka:kafka_2.13:4.1.1": b"kafka", "org.example:log:2.0": b"log"}
# Stands in for Maven Central in a process of its own: slow enough that two fetches would overlap.
FETCHING = """
import sys, time
from pathlib import Path
from pipeline.local import kafka_lock, maven
from pipeline.local.kafka_jars import class_path

def download(coordinates, folder):
    with Path(sys.argv[2]).open("a") as trace:
        trace.write("fetched\\n")
    time.sleep(0.5)
    folder.mkdir()
    for coordinate in coordinates:
        (folder / coordinate).write_bytes({bytes!r}[coordinate])
    return [folder / coordinate for coordinate in coordinates]

kafka_lock.LOCK = Path(sys.argv[1])
maven.download = download
class_path()
"""


class Central:
    """Stands in for Maven Central, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.files = dict(BYTES)

    def download(self, coordinates: list[str], folder: Path) -> list[Path]:
        self.asked += 1
        folder.mkdir()
        for coordinate in coordinates:
            (folder / coordinate).write_bytes(self.files[coordinate])
        return [folder / coordinate for coordinate in coordinates]


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a lock of two small jars in the place of Kafka's, and an empty cache."""
    path = tmp_path / "lock"
    jars = [Jar(name, len(file), sha256(file).hexdigest()) for name, file in BYTES.items()]
    path.write_text(kafka_lock.lock_text(jars))
    monkeypatch.setattr(kafka_lock, "LOCK", path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return path


@pytest.fixture
def central(lock: Path, monkeypatch: pytest.MonkeyPatch) -> Central:
    central = Central()
    monkeypatch.setattr(maven, "download", central.download)
    return central


def jars() -> dict[str, bytes]:
    folder = Path(class_path()).parent
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def in_the_cache(tmp_path: Path) -> list[str]:
    names = (path.name for path in (tmp_path / "cache" / "riskgate").iterdir())
    return [name for name in names if not name.endswith(".lock")]


def test_jars_are_fetched_once_when_they_are_missing(central: Central) -> None:
    first = jars()
    second = jars()

    assert first == second == {"kafka_2.13-4.1.1.jar": b"kafka", "log-2.0.jar": b"log"}
    assert central.asked == 1


def test_jars_are_fetched_anew_when_one_was_cut_short(central: Central) -> None:
    (Path(class_path()).parent / "log-2.0.jar").write_text("l")

    assert jars()["log-2.0.jar"] == b"log"
    assert central.asked == 2


def test_jars_are_fetched_once_when_two_processes_want_them(lock: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = python_command("-c", FETCHING.format(bytes=BYTES), str(lock), str(trace))

    processes = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]

    assert [process.wait(60) for process in processes] == [0, 0]
    assert trace.read_text() == "fetched\n"


def test_jars_of_another_lock_are_apart_when_both_are_used(central: Central, lock: Path) -> None:
    first = class_path()
    lock.write_text(lock.read_text() + "# changed\n")

    assert class_path() != first
    assert Path(first).parent.exists()


def test_jar_is_refused_when_it_is_not_the_one_that_was_locked(
    central: Central, tmp_path: Path
) -> None:
    central.files["org.example:log:2.0"] = b"lob"

    with pytest.raises(StartupError, match=r"log-2\.0\.jar is not the file") as refused:
        class_path()

    assert sha256(b"lob").hexdigest() in str(refused.value)
    assert in_the_cache(tmp_path) == []


def test_reason_is_said_and_nothing_stays_when_the_fetch_fails(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_coordinates: list[str], _folder: Path) -> list[Path]:
        raise OSError("no route to repository")

    monkeypatch.setattr(maven, "download", unreachable)

    with pytest.raises(StartupError, match=r"Kafka 4\.1\.1 .* \(no route to repository\)"):
        class_path()

    assert in_the_cache(tmp_path) == []


def test_command_is_named_when_what_fetches_is_not_installed(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("pipeline.local.maven")
    monkeypatch.setitem(sys.modules, "pipeline.local.maven", None)

    with pytest.raises(StartupError, match="`make install` in a clone of riskgate"):
        class_path()


def test_lock_names_each_jar_of_one_release_of_kafka_when_it_is_read() -> None:
    jars = locked_jars()

    versions = {jar.coordinate.split(":")[2] for jar in jars if ".kafka:" in jar.coordinate}

    assert len({jar.name for jar in jars}) == len(jars) == 46
    assert versions == {"4.1.1"}
    assert {len(jar.sha256) for jar in jars} == {64}
    assert kafka_lock.lock_text(sorted(jars)) == kafka_lock.LOCK.read_text()
