"""Which rules decide changes with all that can change an answer."""

import importlib.metadata

import pytest

from pipeline import rules_version as module


@pytest.mark.parametrize("package", ["riskgate-kafka", "tzdata", "exchange-calendars"])
def test_version_of_the_rules_changes_when_that_of_a_package_does(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = module.rules_version()
    known = importlib.metadata.version
    monkeypatch.setattr(module, "version", lambda name: known(name) + "x" * (name == package))

    after = module.rules_version.__wrapped__()

    assert (len(after), after == before) == (16, False)
