"""Programs that stand in pages of docs, taken out to run as they are."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pipeline.streams.roles.children import riskgate_command

STEP = re.compile(r"```sh\n(.*?)```\n\n```text\n(.*?)```\n", re.DOTALL)
DOCS = Path(__file__).parent.parent / "docs"


def shell(page: str, name: str) -> str:
    """Return the shell commands of a page that a comment names."""
    return block(page, name, "sh")


def program(page: str, name: str, folder: Path) -> str:
    """Write the program of a page that a comment names to a file and return its path."""
    path = folder / f"{name}.py"
    path.write_text(block(page, name, "python"))
    return str(path)


def steps(page: str) -> list[tuple[str, str]]:
    """Return all shell commands of a page, each with what the page shows that they print."""
    text = (DOCS / f"{page}.md").read_text()
    found: list[tuple[str, str]] = STEP.findall(text)
    assert len(found) == text.count("```sh")
    return found


def ran(page: str, folder: Path) -> Iterator[tuple[int, str, str]]:
    """Run the steps of a page in a folder, and yield the exit code, stdout and stderr of each."""
    program = folder / "bin" / "riskgate"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(riskgate_command())} "$@"\n')
    program.chmod(0o755)
    named = {name: value for name, value in os.environ.items() if not name.startswith("RISKGATE_")}
    environment = {**named, "PATH": f"{program.parent}{os.pathsep}{named['PATH']}"}
    for script, _ in steps(page):
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        yield done.returncode, done.stdout, done.stderr


def block(page: str, name: str, language: str) -> str:
    """Return the block of a page that a comment names; language: as the page has it."""
    text = (DOCS / f"{page}.md").read_text()
    found = re.search(rf"<!-- {name} -->\n```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None, f"docs/{page}.md has no block {name} in {language}"
    return found[1]
