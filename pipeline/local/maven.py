"""Download of jars from a Maven repository by jgo, which needs neither Java nor Maven.

The repository is Maven Central, unless ~/.config/jgo.conf names another one as `central`.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import truststore
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import POM, MavenContext

__all__ = ["download", "resolve"]

AT_ONCE = 4
ANSWER_SECONDS_MAX = 30


def download(coordinates: Sequence[str], folder: Path) -> list[Path]:
    """Download jars into a local repository in `folder` and return their paths, in order.

    Raise RuntimeError or OSError when one cannot be downloaded.
    """
    context = _context(folder)
    with _certificates_of_the_machine(), ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda coordinate: _fetch(context, coordinate), coordinates))


def resolve(pom: Path, folder: Path) -> list[str]:
    """Return the coordinates of all dependencies of a project, with the versions Maven chooses."""
    with _certificates_of_the_machine():
        _, found = _context(folder).pom_dependency_list(POM(pom))
    return [f"{node.dep.groupId}:{node.dep.artifactId}:{node.dep.version}" for node in found]


def _context(folder: Path) -> MavenContext:
    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    return MavenContext(repo_cache=folder, remote_repos=repositories, timeout=ANSWER_SECONDS_MAX)


def _fetch(context: MavenContext, coordinate: str) -> Path:
    group, artifact, version = coordinate.split(":")
    return context.project(group, artifact).at_version(version).artifact().resolve()


@contextmanager
def _certificates_of_the_machine() -> Iterator[None]:
    # As pip does: the certificate of an intercepting proxy is known to the machine only.
    truststore.inject_into_ssl()
    try:
        yield
    finally:
        truststore.extract_from_ssl()
