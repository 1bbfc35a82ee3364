"""Where a batch ends that nobody can unpack, found by asking place by place."""

import pytest

from pipeline.streams.engine.unreadable import search_end

BATCHES = {100: 260, 260: 261, 261: 900}  # Unreadable ones, side by side: first and next.


def probe(offset: int) -> int | None:
    """Say where the batch begins that holds an offset."""
    return next((first for first, end in BATCHES.items() if first <= offset < end), None)


@pytest.mark.parametrize(("first", "end"), BATCHES.items())
@pytest.mark.parametrize("log_end", [900, 901, 1_000_000])
def test_end_is_found_when_the_batch_lies_between_others(
    first: int, end: int, log_end: int
) -> None:
    assert search_end(first, log_end, probe) == end


def test_few_places_are_asked_when_a_batch_holds_a_million_records() -> None:
    asked: list[int] = []

    def million(offset: int) -> int | None:
        asked.append(offset)
        return 0 if offset < 1_000_000 else None

    assert search_end(0, 5_000_000, million) == 1_000_000
    assert len(asked) < 45
