"""Which rules decide: the release, and a digest of all that can change an answer.

Apart from pipeline/risk because the core asks nothing of its environment.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pipeline.risk
import topics
from pipeline.errors import StartupError
from pipeline.risk.limits.document import NAMES

__all__ = ["rules_version"]

DIGEST_BYTES = 6
PACKAGES = ("tzdata", "exchange-calendars")


@cache
def rules_version() -> str:
    """Return `<release>+<12 hex digits>`, which changes whenever a log might be decided otherwise.

    The digits are of the sources, not of the release's number: two builds of one number may
    differ. A compiled build ships its sources, so it has those of the uncompiled one.
    """
    folders = {"topics": topics.__path__, "pipeline/risk": pipeline.risk.__path__}
    sources = (each for name, path in folders.items() for each in _sources(name, path))
    defaults = (f"{name} {kind()!r}".encode() for name, kind in NAMES.items())
    packages = (f"{name} {_version_of(name)}".encode() for name in PACKAGES)
    digest = _digest([*sources, *defaults, *packages])
    return f"{version('riskgate-kafka')}+{digest}"


def _version_of(package: str) -> str:
    """Return a package's version; `none` without it, as its absence changes answers too."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _sources(name: str, path: Iterable[str]) -> Iterator[bytes]:
    """Yield each source of a package with its place in it; raise StartupError if there is none."""
    folder = Path(next(iter(path)))
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.py")}
    if not files:  # Without them any two builds would look alike.
        raise StartupError(f"{name} is installed without its sources; install the wheel as it is")
    for place in sorted(files):  # Not as the file system lists them.
        yield f"{name}/{place}\0".encode() + files[place].read_bytes()


def _digest(parts: Iterable[bytes]) -> str:
    """Return a digest of parts; each counts by itself, so none can pass for two."""
    digest = blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()
