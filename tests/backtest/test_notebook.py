"""docs/backtest.ipynb: its cells run, in order, and print what the notebook shows."""

import json
from pathlib import Path

from tests.backtest.notebook import NOTEBOOK, cells, printed, shown


def test_notebook_shows_what_its_cells_print_when_they_are_run(tmp_path: Path) -> None:
    kept = [shown(cell) for cell in cells("code")]

    assert printed(tmp_path) == kept
    assert len([text for text in kept if text]) == 4
    assert (tmp_path / "sweep.html").read_text().count("<circle") >= 25


def test_notebook_is_one_that_jupyter_reads_when_it_is_opened() -> None:
    book = json.loads(NOTEBOOK.read_text())

    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert {cell["cell_type"] for cell in book["cells"]} == {"code", "markdown"}
    assert all(cell["id"] and isinstance(cell["source"], list) for cell in book["cells"])
