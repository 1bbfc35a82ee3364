"""Which rules decide changes with all that can change an answer."""

import importlib.metadata
import re
from pathlib import Path

import pytest

from pipeline import risk
from pipeline import rules_version as module
from pipeline.errors import StartupError


@pytest.mark.parametrize("package", ["riskgate-kafka", "tzdata", "exchange-calendars"])
def test_version_of_the_rules_changes_when_that_of_a_package_does(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = module.rules_version()
    known = importlib.metadata.version
    monkeypatch.setattr(module, "version", lambda name: known(name) + "x" * (name == package))

    assert module.rules_version.__wrapped__() != before


def test_version_of_the_rules_changes_when_calendars_are_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without_calendars(name: str) -> str:
        if name == "exchange-calendars":
            raise importlib.metadata.PackageNotFoundError(name)
        return importlib.metadata.version(name)

    before = module.rules_version()
    monkeypatch.setattr(module, "version", without_calendars)

    assert module.rules_version.__wrapped__() != before


def test_version_of_the_rules_names_the_release_and_twelve_digits() -> None:
    release = re.escape(importlib.metadata.version("riskgate-kafka"))

    assert re.fullmatch(rf"{release}\+[0-9a-f]{{12}}", module.rules_version())


def written(folder: Path, **files: str) -> str:
    """Write sources in this order and return their digest."""
    for name, text in files.items():
        place = folder / "rules" / f"{name}.py"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return module._digest(module._sources("risk", [str(folder)]))


def test_digest_is_the_same_when_files_are_written_in_another_order(tmp_path: Path) -> None:
    one = written(tmp_path / "one", a="A = 1", b="B = 2")
    other = written(tmp_path / "other", b="B = 2", a="A = 1")

    assert one == other


@pytest.mark.parametrize(
    "files",
    [{"a": "A = 3", "b": "B = 2"}, {"a": "B = 2", "b": "A = 1"}, {"a": "A = 1"}],
    ids=["changed", "swapped", "removed"],
)
def test_digest_changes_when_a_source_does(tmp_path: Path, files: dict[str, str]) -> None:
    before = written(tmp_path / "before", a="A = 1", b="B = 2")

    assert written(tmp_path / "after", **files) != before


def test_nothing_decides_when_the_sources_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="risk is installed without its sources"):
        list(module._sources("risk", [str(tmp_path)]))


def test_version_of_the_rules_changes_when_a_source_of_the_core_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "changed.py").write_text("")
    before = module.rules_version()
    monkeypatch.setattr(risk, "__path__", [str(tmp_path)])

    assert module.rules_version.__wrapped__() != before
