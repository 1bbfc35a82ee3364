import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
LOCK = (ROOT / "requirements.lock").read_text()
EXTRAS = PROJECT["optional-dependencies"]
WANTED = [*PROJECT["dependencies"], *(item for extra in EXTRAS.values() for item in extra)]


def locked_versions(lock: str = LOCK) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for line in lock.splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            name, _, rest = line.partition("==")
            versions.setdefault(canonicalize_name(name), []).append(rest.split()[0])
    return versions


@pytest.mark.parametrize("wanted", WANTED)
def test_lock_holds_an_allowed_version_when_a_dependency_is_declared(wanted: str) -> None:
    requirement = Requirement(wanted)

    versions = locked_versions()[canonicalize_name(requirement.name)]

    assert [version for version in versions if version not in requirement.specifier] == []


def test_lock_has_hashes_and_no_address_when_it_is_made() -> None:
    entries = [line for line in LOCK.splitlines() if "==" in line and line[0] not in "# "]

    assert LOCK.count("--hash=sha256:") >= len(entries)
    assert all(line.endswith(" \\") for line in entries)
    assert "://" not in LOCK


@pytest.mark.parametrize("package", ["riskgate", "topics", "pipeline"])
def test_package_says_it_is_typed_when_it_is_installed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()


def test_source_distribution_holds_what_make_runs_when_it_is_built() -> None:
    make = (ROOT / "Makefile").read_text()
    include = PYPROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]

    named = re.findall(r"(?:python -m |--file |-root | -r )([\w-]+(?:\.lock)?)", make)

    assert {"bench", "ops", "requirements.lock"} <= {*named}
    assert {f"/{name}" for name in named} <= {*include}


def test_image_holds_what_was_tested_when_its_lock_is_made() -> None:
    tested = {
        (name, version) for name, versions in locked_versions().items() for version in versions
    }
    in_image = locked_versions((ROOT / "requirements-image.lock").read_text())

    assert {canonicalize_name(Requirement(item).name) for item in PROJECT["dependencies"]} <= {
        *in_image
    }
    assert {(name, version) for name, found in in_image.items() for version in found} <= tested


def test_name_is_one_that_nobody_else_has_when_it_is_installed() -> None:
    # `riskgate` on PyPI is another project's.
    assert PROJECT["name"] == "riskgate-kafka"
    assert PROJECT["scripts"] == {"riskgate": "riskgate.__main__:main"}


@pytest.mark.parametrize("folder", ["bench", "docs", "helm", "ops", "pipeline", "topics", "."])
def test_nobody_is_sent_to_another_project_when_texts_are_read(folder: str) -> None:
    suffixes = {".md", ".py", ".txt", ".gotmpl", ".yaml", ".toml", "", ".tpl"}
    paths = (ROOT / folder).glob("*" if folder == "." else "**/*")
    texts = [path for path in paths if path.is_file() and path.suffix in suffixes]

    sending = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in texts
        for line in path.read_text().splitlines()
        if re.search(r"pip install .*\briskgate(?!-kafka)|riskgate\[", line)
    ]

    assert len(texts) > 3
    assert sending == []
