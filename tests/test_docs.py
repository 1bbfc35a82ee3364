"""What the pages name is there: files, the functions in them, and pages that are linked."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - {ROOT / "CHANGELOG.md"})
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"build"}  # Made by commands.
PATTERN = set("*<>{}…")  # Names many files, or one that is yet to be written.
# `file.py`, `Class.method`, `function`: what follows a file is in it.
NAMES = re.compile(r"`([\w./-]+\.py)`((?:, `[A-Za-z_][\w.]*`)+)")
# The pages about a new rule and a new topic name files that their readers write.
SHOWN = {
    "pipeline/risk/rules/price_floor.py",
    "tests/spec/rules/test_price_floor.py",
    *(
        f"pipeline/risk/rules/stopout_pause/{name}.py"
        for name in ("__init__", "rule", "transition")
    ),
    "tests/spec/rules/test_stopout_pause.py",
    "topics/funding.py",
    "pipeline/risk/on_funding.py",
    "tests/spec/ledger/test_funding.py",
}


def named_paths(text: str) -> Iterator[str]:
    """Yield what stands in backticks and begins with a folder of this repository."""
    for token in re.findall(r"`([^`\n]+)`", text):
        path = token.partition("::")[0]
        if path.split("/")[0] in FOLDERS and "/" in path and " " not in path:
            yield path


def links(text: str) -> Iterator[str]:
    """Yield the files that a page links to, without those of other hosts."""
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path = link.partition("#")[0]
        if path and "://" not in path:
            yield path


def definitions(path: Path) -> set[str]:
    """Return the classes, functions, methods and constants that a file defines."""
    body = ast.parse(path.read_text()).body
    found = set()
    for node in body:
        found |= set(_names(node))
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for inner in node.body for name in _names(inner)}
    return found


def _names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    yield from (target.id for target in targets if isinstance(target, ast.Name))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_path_exists_when_a_page_names_it(page: Path) -> None:
    missing = [
        path
        for path in named_paths(page.read_text())
        if not PATTERN & set(path) and path not in SHOWN and not (ROOT / path).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_linked_file_exists_when_a_page_links_it(page: Path) -> None:
    missing = [link for link in links(page.read_text()) if not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_function_is_in_its_file_when_a_page_names_both(page: Path) -> None:
    missing = [
        f"{path}: {name}"
        for path, names in NAMES.findall(page.read_text())
        if (ROOT / path).exists()
        for name in re.findall(r"`([\w.]+)`", names)
        if name not in definitions(ROOT / path)
    ]

    assert missing == []


def test_paths_are_found_when_they_stand_in_backticks() -> None:
    text = "`pipeline/streams/x.py` `make test` `tests/a.py::b` `a/b` `.ci/run`"

    assert list(named_paths(text)) == ["pipeline/streams/x.py", "tests/a.py", ".ci/run"]


def test_links_are_found_when_they_stay_in_the_repository() -> None:
    text = "[a](b.md) [c](d.md#e) [f](#g) [h](https://example.com)"

    assert list(links(text)) == ["b.md", "d.md"]


def test_names_are_found_when_they_follow_their_file() -> None:
    assert NAMES.findall("in `a/b.py`, `C.d`, `e`: it") == [("a/b.py", ", `C.d`, `e`")]
    assert {"named_paths", "ROOT", "PAGES"} <= definitions(Path(__file__))
