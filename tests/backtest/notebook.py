"""Runs docs/backtest.ipynb cell by cell, in plain Python: the notebook needs nothing of Jupyter's.

`python -m tests.backtest.notebook` writes what the cells print into the notebook.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from pipeline.streams.roles.children import python_command

NOTEBOOK = Path(__file__).parents[2] / "docs" / "backtest.ipynb"
MARK = "--- end of a cell ---"
Cell = dict[str, Any]


def cells(kind: str) -> list[Cell]:
    """Return the notebook's cells of a kind: code or markdown."""
    found: list[Cell] = json.loads(NOTEBOOK.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def shown(cell: Cell) -> str:
    """Return what the notebook says that a cell prints."""
    return "".join("".join(output["text"]) for output in cell["outputs"])


def printed(folder: Path) -> list[str]:
    """Run all code in a folder, and return what each cell prints."""
    program = "".join(f"{''.join(cell['source'])}\nprint({MARK!r})\n" for cell in cells("code"))
    done = subprocess.run(
        python_command("-c", program), cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split(f"{MARK}\n")[:-1]


def write() -> None:
    """Replace the outputs in the notebook by what its cells print now."""
    book = json.loads(NOTEBOOK.read_text())
    with tempfile.TemporaryDirectory() as folder:
        texts = iter(printed(Path(folder)))
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            text = next(texts)
            lines = text.splitlines(keepends=True)
            stream = {"name": "stdout", "output_type": "stream", "text": lines}
            cell["outputs"] = [stream] if lines else []
    NOTEBOOK.write_text(json.dumps(book, indent=1) + "\n")


if __name__ == "__main__":
    write()
