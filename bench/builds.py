"""The pure core and the compiled one, measured in turns; the table goes to docs/performance.md.

`python -m bench.builds` builds the compiled core if need be. An argument is a further interpreter
to measure with, of the same minor version and with the same packages: the extension modules fit it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.page import publish
from ops.compiled.build import build
from pipeline.streams.roles.children import python_command

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
ROUNDS = 5
# What an interpreter is called, and how it was built as far as it says so itself.
_NAME = "from bench.peers.conditions import python; print(python())"
Costs = dict[tuple[str, str, str, str], list[float]]  # By Python, build, rules, what is measured.


def main(further: list[str]) -> None:
    """Measure all builds in turns and publish the table."""
    places = {"pure": ROOT, "compiled": build()}
    this, *_ = python_command()
    pythons = {_said(python, ROOT, "-c", _NAME)[0]: python for python in (this, *further)}
    costs: Costs = {}
    for _ in range(ROUNDS):
        for python, path in pythons.items():
            for place in places.values():
                for line in _said(path, place, "-m", "bench.cpu"):
                    name, rules, *figures = line.split()
                    for what, figure in zip(("step", "step and encode"), figures, strict=True):
                        costs.setdefault((python, name, rules, what), []).append(float(figure))
    table = "\n".join(_table(costs, list(pythons))) + "\n"
    sys.stdout.write(table)
    publish(PAGE, "builds", table)


def _said(python: str, place: Path, *command: str) -> list[str]:
    """Return what an interpreter prints with the packages of one build."""
    path = os.pathsep.join([str(place), str(ROOT)])
    done = subprocess.run(
        [python, *python_command(*command)[1:]],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def _table(costs: Costs, pythons: list[str]) -> Iterator[str]:
    yield f"{ROUNDS} rounds, load {os.getloadavg()[0]:.0f}:"
    yield ""
    yield "| us of CPU per signal | Python | pure | compiled | ratio in one round, median |"
    yield "|---|---|---|---|---|"
    for python in pythons:
        for rules in ("usual", "all"):
            for what in ("step", "step and encode"):
                pure, compiled = (costs[python, name, rules, what] for name in ("pure", "compiled"))
                ratio = median(one / other for one, other in zip(pure, compiled, strict=True))
                best = f"{min(pure):.1f} | {min(compiled):.1f}"
                yield f"| {what}, {rules} rules | {python} | {best} | {ratio:.2f} |"


if __name__ == "__main__":
    main(sys.argv[1:])
