"""What the documents say is what the code does: tables, commands, length."""

import re

import pytest

from pipeline.cli.app import app
from tests.readme_tables import ROOT, between_marks, tables

README = ROOT / "README.md"


@pytest.mark.parametrize("name", tables())
def test_table_is_what_the_code_says_when_it_is_read(name: str) -> None:
    path, expected = tables()[name]

    found = between_marks(path.read_text(), name)

    assert found == expected


def test_readme_is_short_when_its_lines_are_counted() -> None:
    lines = README.read_text().splitlines()

    assert len(lines) <= 150


def test_every_command_exists_when_the_readme_names_it() -> None:
    commands = {
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    }
    commands |= {str(group.name) for group in app.registered_groups}

    named = set(re.findall(r"`riskgate ([a-z-]+)", README.read_text()))

    assert named <= commands
    assert {"run", "topics", "limits", "replay", "demo", "halt"} <= named


def test_every_make_target_exists_when_the_readme_names_it() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README.read_text(), re.MULTILINE))

    assert named <= targets
    assert {"demo", "test", "bench"} <= named


def test_every_linked_page_exists_when_the_readme_names_it() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README.read_text())

    missing = [link for link in linked if not (ROOT / link).exists()]

    assert linked != []
    assert missing == []
