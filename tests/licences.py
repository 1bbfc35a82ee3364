"""The tables of docs/licences.md, made from the locks and from what is installed: `make licences`.

A package that is not installed here, as it is for another system or Python, or whose metadata names
no licence keeps the one that the page already gives; the first time a person writes it there.
"""

import re
from collections.abc import Iterable
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from bench.peers.java import LOCK as STREAMS
from pipeline.local.kafka_lock import locked_jars
from tests.readme_tables import between_marks

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licences.md"
UNKNOWN = "unknown"
# What authors write in free text or as a classifier, by its SPDX name.
SPDX = {
    "2-clause BSD": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",  # As the licence file of jsonlines says,
    "BSD License": "BSD-3-Clause",  # and that of scipy.
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Simplified BSD": "BSD-2-Clause",
}
# Jars without a licence in their manifest: as their projects' pom.xml says.
APACHE = "Apache-2.0"
JARS = {
    "com.google.re2j:re2j": "BSD-3-Clause",
    "com.github.luben:zstd-jni": "BSD-2-Clause",
    "net.sf.jopt-simple:jopt-simple": "MIT",
    "net.sourceforge.argparse4j:argparse4j": "MIT",
    "org.hdrhistogram:HdrHistogram": "CC0-1.0 OR BSD-2-Clause",
    "org.pcollections:pcollections": "MIT",
    "org.rocksdb:rocksdbjni": "Apache-2.0 OR GPL-2.0-only",
    "org.slf4j:slf4j-api": "MIT",
}
APACHE_GROUPS = (
    "com.dynatrace", "com.fasterxml", "com.github.ben-manes", "com.typesafe", "com.yammer",
    "commons-", "org.apache", "org.bitbucket.b_c", "org.jspecify", "org.lz4", "org.scala-lang",
    "org.xerial", "org.yaml",
)  # fmt: skip


def locked(lock: str) -> list[tuple[str, str]]:
    """Return each name and version of a lock, in its order."""
    lines = (ROOT / lock).read_text().splitlines()
    pairs = (line.partition("==") for line in lines if "==" in line and line[0] not in " #")
    return [(canonicalize_name(name), rest.split()[0]) for name, _, rest in pairs]


def tables() -> dict[str, str]:
    """Name each table of the page and its text."""
    in_image, built = set(locked("requirements-image.lock")), _uninstalled()
    image = [each for each in locked("requirements.lock") if each in in_image]
    found = {jar.coordinate for lock in (None, STREAMS) for jar in locked_jars(lock)}
    jars = [coordinate.rsplit(":", 1) for coordinate in sorted(found)]
    return {
        "image": _table("package", _packages(each for each in image if each[0] not in built)),
        "clone": _table(
            "package",
            _packages(
                each
                for each in locked("requirements.lock")
                if each not in in_image or each[0] in built
            ),
        ),
        "jars": _table("jar", [(name, version, licence_of_jar(name)) for name, version in jars]),
    }


def licence_of(name: str, version: str) -> str:
    """Return the licence of a package as its metadata says, or as the page does."""
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return _written(name, version)
    declared = _declared(found) if found["Version"] == version else UNKNOWN
    return declared if declared != UNKNOWN else _written(name, version)


def licence_of_jar(name: str) -> str:
    """Return the licence of a jar by its group and artifact."""
    known = APACHE if name.startswith(APACHE_GROUPS) else UNKNOWN
    return JARS.get(name, known)


def _declared(found: PackageMetadata) -> str:
    if "License-Expression" in found:
        return found["License-Expression"]
    text = found["License"].strip() if "License" in found else ""
    if text in SPDX or re.fullmatch(r"[A-Za-z]+-?[\d.]*(-Clause)?", text):
        return SPDX.get(text, text)
    classifiers = found.get_all("Classifier") or []
    names = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    return " OR ".join(SPDX.get(name, name) for name in names) or UNKNOWN


def _written(name: str, version: str) -> str:
    row = rf"^\| {re.escape(name)} \| {re.escape(version)} \| (.+) \|$"
    found = re.search(row, PAGE.read_text(), re.MULTILINE)
    return UNKNOWN if found is None else found[1]


def _uninstalled() -> set[str]:
    """Return what only builds the image and is taken out of it again."""
    lines = re.findall(r"uninstall --yes --quiet (.+?)(?: \\)?$", _containerfile(), re.MULTILINE)
    return {name for line in lines for name in line.split()}


def _containerfile() -> str:
    return (ROOT / "Containerfile").read_text()


def _packages(wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(name, version, licence_of(name, version)) for name, version in wanted]


def _table(head: str, rows: Iterable[tuple[str, str, str]]) -> str:
    lines = [f"| {name} | {version} | {licence} |" for name, version, licence in rows]
    return "\n".join([f"| {head} | version | licence |", "|---|---|---|", *lines]) + "\n"


def write() -> None:
    """Put every table between its marks."""
    made = tables()
    text = PAGE.read_text()
    for name, table in made.items():
        begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        text = text.replace(f"{begin}{between_marks(text, name)}{end}", f"{begin}{table}{end}")
    PAGE.write_text(text)


if __name__ == "__main__":
    write()
