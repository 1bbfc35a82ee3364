"""The list of what the image contains is that of the lock, and says what changed."""

import json
from typing import Any

import pytest

from ops import audit
from ops.audit import components, differences, judged, main

LOCK = """\
# made by a tool
one==1.0 ; python_version < "4" \\
    --hash=sha256:00
two-of==2.0.post1 \\
    --hash=sha256:11
    # via one
"""


def test_list_in_the_repository_is_what_the_lock_pins() -> None:
    listed = json.loads(audit.LISTED.read_text())["components"]

    assert differences(listed, components(audit.LOCK.read_text())) == []
    assert len(listed) > 20


def test_components_are_the_pins_of_a_lock() -> None:
    assert [(each["purl"], each["version"]) for each in components(LOCK)] == [
        ("pkg:pypi/one@1.0", "1.0"),
        ("pkg:pypi/two-of@2.0.post1", "2.0.post1"),
    ]


def test_difference_names_what_came_left_and_changed() -> None:
    before = components("one==1.0\ntwo==2\n")

    assert differences(before, components("one==1.1\nthree==3\n")) == [
        "+ three 3 came",
        "- two 2 left",
        "~ one 1.0 became 1.1",
    ]


def test_audit_fails_when_the_list_is_not_that_of_the_lock(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "components", lambda _: [])

    assert main([]) == 1
    assert "- msgspec" in capsys.readouterr().out


@pytest.mark.parametrize("flaws", [[], [{"id": "PYSEC-1"}]], ids=["safe", "unsafe"])
def test_known_flaw_fails_the_audit_and_is_named(flaws: list[object]) -> None:
    packages: list[dict[str, Any]] = [
        {"name": "one", "version": "1", "vulns": flaws},
        {"name": "two", "skip_reason": "Dependency not found"},
    ]

    lines, is_safe = judged(packages)

    assert is_safe is not bool(flaws)
    assert ("PYSEC-1" in lines[0]) is bool(flaws)
    assert lines[-1].startswith("Advisories were asked for about 1 packages; the index knows 1 ")
