import os
import re
import subprocess
from pathlib import Path

import pytest

from pipeline.streams.roles.children import riskgate_command

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that holds the venue of the page, and one that sells what it should buy."""
    found = re.search(r"<!-- venue -->\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "instant.py").write_text(found[1])
    wrong = found[1].replace("ticket.fill(", "replace(ticket, side='sell').fill(")
    (tmp_path / "selling.py").write_text(f"from msgspec.structs import replace\n{wrong}")
    return tmp_path


def checked(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = riskgate_command("engine-check", *arguments)
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ
    )


def test_a_venue_of_the_page_breaks_nothing_when_it_is_checked(folder: Path) -> None:
    done = checked(folder, "--venue", "instant:InstantVenue")

    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "22 clauses hold, 0 are broken, 5 could not be seen"


def test_a_broken_clause_is_named_when_a_venue_trades_the_wrong_side(folder: Path) -> None:
    done = checked(folder, "--venue", "selling:InstantVenue")

    assert done.returncode == 1
    assert "BREAKS  rule  3  side: trade the side and symbol of the decision" in done.stdout
    assert "a buy of SP500 became a sell of SP500" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--venue", "nowhere:X"], "No module named 'nowhere'"),
        (["--venue", "instant"], "expected MODULE:CLASS"),
        (["--venue", "decimal:Decimal"], "it has no method place"),
        (["--quantity", "0"], "--quantity: expected a number > 0, got '0'"),
        (["--price", "1_0"], "--price: Expected a number in plain ASCII digits, got '1_0'"),
    ],
)
def test_a_wrong_start_is_one_sentence_when_arguments_are_wrong(
    folder: Path, arguments: list[str], sentence: str
) -> None:
    done = checked(folder, *arguments)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
