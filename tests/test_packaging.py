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
ADAPTERS_LOCK = (ROOT / "requirements-adapters.lock").read_text()
EXTRAS = PROJECT["optional-dependencies"]
# Tested in an environment of their own; its lock has them.
OWN_LOCKS = {
    **dict.fromkeys(("parquet", "ccxt", "nautilus", "freqtrade"), ADAPTERS_LOCK),
    "site": (ROOT / "requirements-site.lock").read_text(),
}
WANTED = [
    *((item, LOCK) for item in PROJECT["dependencies"]),
    *((item, OWN_LOCKS.get(extra, LOCK)) for extra, items in EXTRAS.items() for item in items),
]


def locked_versions(lock: str = LOCK) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for line in lock.splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            name, _, rest = line.partition("==")
            versions.setdefault(canonicalize_name(name), []).append(rest.split()[0])
    return versions


@pytest.mark.parametrize(("wanted", "lock"), WANTED, ids=[item for item, _ in WANTED])
def test_lock_holds_an_allowed_version_when_a_dependency_is_declared(
    wanted: str, lock: str
) -> None:
    requirement = Requirement(wanted)

    versions = locked_versions(lock)[canonicalize_name(requirement.name)]

    assert [version for version in versions if version not in requirement.specifier] == []


@pytest.mark.parametrize("lock", [LOCK, *OWN_LOCKS.values()])
def test_lock_has_hashes_and_no_address_when_it_is_made(lock: str) -> None:
    entries = [line for line in lock.splitlines() if "==" in line and line[0] not in "# "]

    assert lock.count("--hash=sha256:") >= len(entries)
    assert all(line.endswith(" \\") for line in entries)
    assert "://" not in lock


def test_clients_install_three_packages_when_no_extra_is_named() -> None:
    names = [Requirement(item).name for item in PROJECT["dependencies"]]

    assert names == ["confluent-kafka", "msgspec", "orjson"]


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

    wanted = [*PROJECT["dependencies"], *EXTRAS["gate"], *EXTRAS["sessions"]]
    assert {canonicalize_name(Requirement(item).name) for item in wanted} <= {*in_image}
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
