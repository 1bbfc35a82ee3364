"""The peers written in Java: compiled once for each state of their sources, then run."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from pipeline.errors import StartupError
from pipeline.local.java import MissingToolError, java
from pipeline.local.kafka_jars import class_path

__all__ = ["java_command"]

HERE = Path(__file__).parent
SOURCES = HERE / "java"
LOCK = HERE / "streams_jars.lock"
BUILD = HERE.parent.parent / "build" / "peers"
COMPILE_SECONDS_MAX = 300


def java_command(main: str, *arguments: str, heap: str = "512m") -> list[str]:
    """Return the command that runs a main class. Raise StartupError if it cannot be compiled."""
    classes = _compiled()
    runtime = java()
    path = f"{classes}:{class_path(LOCK)}"
    options = [*runtime.options, f"-Xmx{heap}", "-Dlog4j2.level=WARN"]
    return [runtime.path, *options, "-cp", path, main, *arguments]


def _compiled() -> Path:
    sources = sorted(SOURCES.glob("*.java"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    folder = BUILD / digest
    if not folder.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
            _compile(sources, Path(scratch) / "classes")
            (Path(scratch) / "classes").rename(folder)
    return folder


def _compile(sources: list[Path], folder: Path) -> None:
    compiler = shutil.which("javac")
    if compiler is None:
        raise MissingToolError(
            "The Kafka Streams peer needs a Java compiler, and this machine has none (Java from "
            "PyPI is a runtime only); install a JDK 17 or newer, such as openjdk-17-jdk"
        )
    names = [str(path) for path in sources]
    done = subprocess.run(
        [compiler, "-nowarn", "-cp", class_path(LOCK), "-d", str(folder), *names],
        capture_output=True,
        text=True,
        timeout=COMPILE_SECONDS_MAX,
        check=False,
    )
    if done.returncode:
        raise StartupError(f"javac could not compile the Kafka Streams peer: {done.stderr}")
