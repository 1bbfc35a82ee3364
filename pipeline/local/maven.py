"""Jars from a Maven repository, by jgo: no Java and no Maven needed.

From Maven Central, unless ~/.config/jgo.conf names a repository `central` of its own.
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
    """Fetch jars into a repository of their own in `folder` and return where each is.

    Raise RuntimeError or OSError when one is not to be had.
    """
    context = _context(folder)
    with _certificates_of_the_machine(), ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda coordinate: _fetch(context, coordinate), coordinates))


def resolve(pom: Path, folder: Path) -> list[str]:
    """Return the coordinates of all that a project needs, as Maven itself would choose them."""
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
    # As pip does: a site that reads its own traffic is known to the machine, not to requests.
    truststore.inject_into_ssl()
    try:
        yield
    finally:
        truststore.extract_from_ssl()
