import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.demo.kafka_jars import MissingToolError, class_path
from pipeline.errors import StartupError

# Stands in for Maven: slow enough that two fetches would overlap, and it leaves a trace of each.
MAVEN = """#!/bin/sh
echo fetched >> "{trace}"
for argument in "$@"; do
  case "$argument" in -DoutputDirectory=*) folder="${{argument#*=}}";; esac
done
mkdir -p "$folder"
printf jar > "$folder/kafka.jar"
sleep 0.3
printf jar > "$folder/log4j.jar"
"""


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a stand-in for Maven on the path and return the file where it leaves its trace."""
    tools = tmp_path / "tools"
    tools.mkdir()
    maven = tools / "mvn"
    maven.write_text(MAVEN.format(trace=tmp_path / "trace"))
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "trace"


def jars() -> list[str]:
    return sorted(path.name for path in Path(class_path()).parent.glob("*.jar"))


def test_jars_are_fetched_once_when_they_are_missing(trace: Path) -> None:
    first = jars()
    second = jars()

    assert first == second == ["kafka.jar", "log4j.jar"]
    assert trace.read_text() == "fetched\n"


def test_jars_are_fetched_anew_when_one_was_cut_short(trace: Path) -> None:
    (Path(class_path()).parent / "kafka.jar").write_text("j")

    assert jars() == ["kafka.jar", "log4j.jar"]
    assert (Path(class_path()).parent / "kafka.jar").read_text() == "jar"
    assert trace.read_text() == "fetched\n" * 2


def test_jars_are_fetched_once_when_two_processes_want_them(trace: Path) -> None:
    command = [sys.executable, "-m", "pipeline.demo.kafka_jars"]

    processes = [subprocess.Popen(command) for _ in range(2)]

    assert [process.wait(30) for process in processes] == [0, 0]
    assert trace.read_text() == "fetched\n"
    assert jars() == ["kafka.jar", "log4j.jar"]


def test_nothing_stays_in_the_cache_when_the_fetch_fails(trace: Path, tmp_path: Path) -> None:
    maven = tmp_path / "tools" / "mvn"
    maven.write_text("#!/bin/sh\necho no route to repository\nexit 1\n")

    with pytest.raises(StartupError, match="no route to repository"):
        class_path()

    assert [path.name for path in (tmp_path / "cache" / "riskgate").iterdir()] == [
        "kafka-4.1.1.lock"
    ]


def test_install_command_is_named_when_maven_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(
        MissingToolError, match="apt-get install openjdk-17-jre-headless maven"
    ) as missing:
        class_path()

    assert "'mvn'" in str(missing.value)
