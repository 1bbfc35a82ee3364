"""The command `riskgate`: check that `pipeline` and `topics` are riskgate's own, then run it.

Apart from pipeline because other projects have packages of these names too, and Python imports
theirs first when PYTHONPATH or the current folder comes first. Import nothing of pipeline or topics
at the top of this file.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

__all__ = ["main"]

FOLDER = Path(__file__).resolve().parent.parent
OWN = ("pipeline", "topics")
MISUSE = 2


def main() -> None:
    """Run the command line; exit with 2 when Python would import another project's packages."""
    for name in OWN:
        found = _found(name)
        if found != FOLDER / name / "__init__.py":
            sys.stderr.write(
                f"riskgate: Python would import the package {name!r} from {found}, which is not "
                "riskgate's; start it in another folder, or remove that one from PYTHONPATH\n"
            )
            sys.exit(MISUSE)
    from pipeline.cli.app import main as run

    run()


def _found(name: str) -> Path | None:
    """Return the file that importing a package would run, without importing it."""
    spec = find_spec(name)
    return Path(spec.origin).resolve() if spec and spec.origin else None


if __name__ == "__main__":
    main()
