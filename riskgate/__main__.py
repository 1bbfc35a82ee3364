"""The command `riskgate`: check that what it needs is there and riskgate's own, then run it.

Apart from pipeline because other projects have packages named `pipeline` and `topics` too, and
Python imports theirs first when PYTHONPATH or the current folder comes first; and because a client
is installed without the packages of the gate. Import nothing of all these at the top of this file.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

__all__ = ["main"]

FOLDER = Path(__file__).resolve().parent.parent
OWN = ("pipeline", "topics")
# What the extra `gate` installs, by the names under which Python imports it.
GATE = (
    "cryptography", "jinja2", "prometheus_client", "pydantic", "pydantic_settings", "quixstreams",
    "rich", "ruamel", "starlette", "structlog", "typer", "tzdata", "uvicorn",
)  # fmt: skip
MISUSE = 2


def main() -> None:
    """Run the command line; exit with 2 when it would run on another project's packages or none."""
    for name in OWN:
        found = _found(name)
        if found != FOLDER / name / "__init__.py":
            _refuse(
                f"Python would import the package {name!r} from {found}, which is not "
                "riskgate's; start it in another folder, or remove that one from PYTHONPATH"
            )
    missing = [name for name in GATE if find_spec(name) is None]
    if missing:
        _refuse(
            f"this is the client alone: the gate's commands need {', '.join(missing)}; install "
            "riskgate with its extra gate, in a clone with: pip install '.[gate]'"
        )
    from pipeline.cli.app import main as run

    run()


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"riskgate: {sentence}\n")
    sys.exit(MISUSE)


def _found(name: str) -> Path | None:
    """Return the file that importing a package would run, without importing it."""
    spec = find_spec(name)
    return Path(spec.origin).resolve() if spec and spec.origin else None


if __name__ == "__main__":
    main()
