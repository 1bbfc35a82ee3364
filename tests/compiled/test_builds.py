"""The compiled core and the pure one decide alike, to the last byte of outputs and state.

`make compiled-tests` builds the compiled core and runs these tests, which need it.
"""

import os
import subprocess
from pathlib import Path

import pytest

from ops.compiled.build import BUILT, extensions_in
from pipeline.streams.roles.children import python_command

ROOT = Path(__file__).parent.parent.parent


pytestmark = pytest.mark.compiled


def written(build: Path, **environment: str) -> list[str]:
    """Return the lines that tests/compiled/digests.py writes on a build."""
    places = os.pathsep.join([str(build), str(ROOT)])
    done = subprocess.run(
        python_command("-P", "-m", "tests.compiled.digests"),
        env={**os.environ, "PYTHONPATH": places, "PYTHONHASHSEED": "1", **environment},
        cwd=build,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_builds_write_the_same_bytes_when_they_decide_the_same_histories() -> None:
    pure = written(ROOT)
    # Memory that is freed too early is overwritten at once, so a wrong use of it shows.
    other = written(BUILT, PYTHONMALLOC="debug")

    assert (pure[0], other[0]) == ("build pure", "build compiled")
    assert other[1:] == pure[1:]
    assert len(pure) > 80


def test_no_source_of_the_core_is_newer_than_what_is_compiled() -> None:
    modules = {place for place in extensions_in(BUILT).values() if place.startswith("pipeline/")}

    assert len(modules) > 100
    for path in ROOT.glob("pipeline/risk/**/*.py"):
        assert (BUILT / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
