"""The command `riskgate`: first make sure that what it is about to import is riskgate's own.

Apart from pipeline because other projects have a `pipeline` and `topics` as well: theirs comes
first where PYTHONPATH, or `python -m` in their folder, says so.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

__all__ = ["main"]

FOLDER = Path(__file__).resolve().parent.parent
OWN = ("pipeline", "topics")
MISUSE = 2


def main() -> None:
    """Run the command line, and nothing of somebody else's."""
    for name in OWN:
        found = _found(name)
        if found != FOLDER / name / "__init__.py":
            sys.stderr.write(
                f"riskgate: Python would take the package {name!r} from {found}, which is not "
                "riskgate's; start it in another folder, or take this one out of PYTHONPATH\n"
            )
            sys.exit(MISUSE)
    from pipeline.cli.app import main as run

    run()


def _found(name: str) -> Path | None:
    """Return the file that an import of a package would run, without running it."""
    spec = find_spec(name)
    return Path(spec.origin).resolve() if spec and spec.origin else None


if __name__ == "__main__":
    main()
