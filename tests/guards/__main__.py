"""Takes out each guard in turn, in a copy of the tree, and asks whether a test notices.

`python -m tests.guards [PART]` prints a table; PART takes only guards whose words hold it. It exits
with 1 when nothing notices one of them.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.streams.roles.children import python_command
from tests.guards.table import GUARDS, Guard

ROOT = Path(__file__).parent.parent.parent
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".cache", "build", "mutants", "__pycache__")


def main(part: str) -> int:
    """Print the table; return 1 when a guard is not missed."""
    guards = [guard for guard in GUARDS if part in guard.says]
    unnoticed = 0
    sys.stdout.write("| guard | the first test that fails without it |\n|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        for guard in guards:
            found = first_failing(tree, guard)
            unnoticed += found is None
            sys.stdout.write(f"| {guard.says} | {found or 'none'} |\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(guards)} guards, {unnoticed} that no test misses\n")
    return 1 if unnoticed else 0


def first_failing(tree: Path, guard: Guard) -> str | None:
    """Return the first test that fails while a guard is out."""
    path = tree / guard.path
    whole = path.read_text()
    path.write_text(whole.replace(guard.text, guard.without, 1))
    try:
        done = subprocess.run(
            python_command("-m", "pytest", "-xq", "-pno:cacheprovider", *guard.tests.split()),
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    finally:
        path.write_text(whole)
    found = _FAILED.search(done.stdout)
    return found[1] if found else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
