"""`make site`: stage the pages of docs/ in build/site/pages, where mkdocs makes a site of them.

Every page keeps its path, so links between pages and to sources work as they do in the repository.
"""

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "site"
STAGED = BUILD / "pages"
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
LEFT_OUT = ("tests/", ".")


def main() -> None:
    """Stage the pages with what they link to."""
    shutil.rmtree(BUILD, ignore_errors=True)
    for page in _pages():
        _stage(page)
        for linked in LINK.findall(page.read_text()):
            path = (page.parent / linked).resolve()
            if path.is_file() and path.is_relative_to(ROOT):
                _stage(path)


def _pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split() if not name.startswith(LEFT_OUT)]


def _stage(path: Path) -> None:
    staged = STAGED / path.relative_to(ROOT)
    staged.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, staged)


if __name__ == "__main__":
    main()
