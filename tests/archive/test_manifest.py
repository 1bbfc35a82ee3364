"""An archive proves its files: what is changed, gone, added or out of order is named."""

import gzip
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pipeline.archive.lines import read_lines, write_lines
from pipeline.archive.manifest import MANIFEST, Manifest, broken, digest_of, end_ms
from tests.archive.archives import FIRST, NAME, SECOND, record, write_archive, write_day
from tests.cli.command import riskgate


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return an archive of two days."""
    write_archive(tmp_path)
    return tmp_path


def tamper(path: Path) -> None:
    """Change one digit of one record."""
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text.replace(b"0.10", b"0.11", 1), mtime=0))


def forge(folder: Path) -> None:
    """Change a record of the first day, and its manifest so that it fits."""
    tamper(folder / FIRST / NAME)
    path = folder / FIRST / MANIFEST
    old = msgspec.json.decode(path.read_bytes(), type=Manifest).files[0].sha256
    new = digest_of(folder / FIRST / NAME)
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))


def remove_first(folder: Path) -> None:
    for path in (folder / FIRST).iterdir():
        path.unlink()
    (folder / FIRST).rmdir()


def test_nothing_is_broken_when_days_follow_each_other(archive: Path) -> None:
    assert list(broken(archive)) == []


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda f: tamper(f / FIRST / NAME), f"{FIRST}/{NAME} changed since it was archived"),
        (lambda f: (f / SECOND / NAME).unlink(), f"{SECOND}/{NAME} is gone"),
        (lambda f: (f / FIRST / "x.gz").touch(), f"{FIRST}/x.gz is not in the manifest"),
        (lambda f: (f / SECOND / MANIFEST).unlink(), f"{SECOND}: {{}} cannot be read (No such "),
        (forge, f"{SECOND}: its manifest follows another one: {FIRST}/{MANIFEST} changed"),
        (remove_first, f"{SECOND}: its manifest follows another one: an earlier day is gone"),
    ],
    ids=["changed", "removed", "added", "without manifest", "forged", "day removed"],
)
def test_file_is_named_when_it_is_not_as_archived(
    archive: Path, harm: Callable[[Path], object], named: str
) -> None:
    harm(archive)

    (sentence,) = broken(archive)

    assert sentence.startswith(named.replace("{}", str(archive / SECOND / MANIFEST)))


def test_gap_is_named_when_a_day_does_not_begin_where_the_other_ended(tmp_path: Path) -> None:
    first = write_day(tmp_path, FIRST, range(5), "")
    write_day(tmp_path, SECOND, range(6, 8), first)

    assert list(broken(tmp_path)) == [f"{SECOND}/{NAME} begins at offset 6, not at 5"]


def test_command_exits_with_one_when_a_file_was_changed(archive: Path) -> None:
    whole = riskgate("verify", str(archive))
    tamper(archive / SECOND / NAME)

    done = riskgate("verify", str(archive))

    assert (whole.returncode, done.returncode) == (0, 1)
    assert done.stdout == f"{SECOND}/{NAME} changed since it was archived\n"


def test_values_keep_their_bytes_when_they_are_archived_and_read(tmp_path: Path) -> None:
    records = [record(0), record(1, b""), record(2, b'{"x": 1.000, "a":"\xc3\xa9"}')]
    path = tmp_path / NAME

    assert write_lines(path, records) == 3
    assert list(read_lines(path)) == records


def test_day_ends_at_midnight_of_utc() -> None:
    from datetime import date

    assert end_ms(date(2026, 1, 1)) == 1_767_312_000_000
