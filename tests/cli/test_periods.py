"""Every command that reads a stretch of time takes the same --from and --to."""

import pytest

from tests.cli.command import riskgate

READERS = [
    ("alerts",), ("audit",), ("dead-letters",), ("decisions",), ("explain", "s1"),
    ("limits", "history"), ("stops",), ("verify",),
]  # fmt: skip

each_reader = pytest.mark.parametrize("reader", READERS, ids="-".join)


@each_reader
@pytest.mark.parametrize("option", ["--from", "--to"])
def test_time_is_refused_when_it_is_neither_duration_nor_time(
    reader: tuple[str, ...], option: str
) -> None:
    done = riskgate(*reader, option, "soon")

    assert done.returncode == 2
    assert "'soon' is neither a duration nor a time" in " ".join(done.stderr.split())


@each_reader
@pytest.mark.parametrize(
    ("begin", "end"),
    [("1h", "2h"), ("2026-01-02T00:00Z", "2026-01-01T00:00Z"), ("1m", "2025-01-01T00:00")],
)
def test_stretch_is_refused_when_it_ends_before_it_begins(
    reader: tuple[str, ...], begin: str, end: str
) -> None:
    done = riskgate(*reader, "--from", begin, "--to", end)

    assert done.returncode == 2
    assert "--from is after --to" in done.stderr
