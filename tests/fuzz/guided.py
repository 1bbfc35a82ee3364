"""The decoders under atheris: `python -m tests.fuzz.guided -max_total_time=60`.

A process of its own, since atheris ends it. It must see the modules before anybody imports them.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    """Instrument the decoders and feed them."""
    atheris: Any = import_module("atheris")  # Only in an environment of its own.
    with atheris.instrument_imports(include=["topics"]):
        from tests.fuzz.__main__ import feed
        from tests.fuzz.changes import examples
    with tempfile.TemporaryDirectory() as folder:
        for place, data in enumerate(examples()):
            (Path(folder) / str(place)).write_bytes(data)
        atheris.Setup([*sys.argv, folder], feed)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
