"""Which builds of the core this run compares, and how a child process gets one of them."""

import os
import subprocess
from typing import NamedTuple

from ops.compiled.build import BUILT, ROOT, BuildError, build
from pipeline.streams.roles.children import python_command

__all__ = ["COMPILED", "PURE", "Builds", "builds", "path_of"]

COMPILED, PURE = "compiled", "pure"


class Builds(NamedTuple):
    """The builds that there are, the one that ships first; why one is absent."""

    names: tuple[str, ...]
    absent: str | None


def builds(*, compiles: bool) -> Builds:
    """Return the builds; compiles: build the compiled one if need be, which takes minutes."""
    if not compiles:
        return Builds((PURE,), "A quick run does not compile the core.")
    try:
        build()
    except BuildError as error:
        return Builds((PURE,), str(error))
    if not _is_imported():
        return Builds((PURE,), f"Python does not import the compiled core of {BUILT}.")
    return Builds((COMPILED, PURE), None)


def _is_imported() -> bool:
    """Return whether a child gets the compiled core, so that no row says so of the pure one."""
    program = "from pipeline.risk.structs import COMPILED; raise SystemExit(not COMPILED)"
    environment = {**os.environ, **path_of(COMPILED)}
    return not subprocess.run(
        python_command("-c", program), env=environment, check=False
    ).returncode


def path_of(name: str) -> dict[str, str]:
    """Return the variable of the environment that makes a child import one build."""
    places = [str(BUILT), str(ROOT)] if name == COMPILED else [str(ROOT)]
    return {"PYTHONPATH": os.pathsep.join(places)}
