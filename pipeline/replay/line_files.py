"""Files of lines: read and written as they are, or gzipped where the name ends in .gz.

A file is there only once it is whole; the same lines give the same bytes.
"""

import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from pipeline.errors import StartupError

__all__ = ["GZIPPED", "lines_of", "written"]

GZIPPED = ".gz"
LEVEL = 6


def lines_of(file: Path) -> Generator[bytes, None, None]:
    """Yield the lines of a file. Raise StartupError when it cannot be read."""
    try:
        with gzip.open(file, "rb") if file.suffix == GZIPPED else file.open("rb") as lines:
            yield from cast("IO[bytes]", lines)
    except OSError as error:
        raise StartupError(
            f"{file} cannot be read ({error.strerror or error}); name a file of recorded inputs"
        ) from error
    except (EOFError, zlib.error) as error:
        raise StartupError(f"{file} is damaged ({error}); record it again") from error


@contextmanager
def written(file: Path) -> Iterator[IO[bytes]]:
    """Write a file beside its place and move it there at the end, unless something raises.

    Raise StartupError when it cannot be written.
    """
    # A device or a pipe takes the lines itself: moved there, a file would replace /dev/null.
    is_own = file.exists() and not file.is_file()
    partial = file if is_own else file.with_name(f".{file.name}.partial")
    try:
        with partial.open("wb") as raw:
            if file.suffix == GZIPPED:
                with gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
        if not is_own:
            partial.replace(file)
    except OSError as error:
        raise StartupError(f"{file} cannot be written ({error.strerror}); name another") from error
    finally:
        if not is_own:
            partial.unlink(missing_ok=True)
