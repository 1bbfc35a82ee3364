"""What the log holds of each input, as ranges of offsets, and what dead letters stand for."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.streams.role_interface import Record, Unreadable
from pipeline.streams.roles.ingest.floods import Cut
from pipeline.verify import inputs
from pipeline.verify.inputs import InputPlace, Inputs, Ranges
from topics.dead_letters import DeadLetter, DeadSource

PLACE = InputPlace("signals", "an-id", 0)
LETTER = DeadLetter(
    source=DeadSource(topic="signals", topic_id="an-id", partition=0, offset=3, key="a"),
    error="",
    path=None,
    raw=b"",
    raw_bytes=0,
    raw_digest="",
)
FIRST = Record("risk.signals", 0, 3, b"a", b"{}", 0, timestamp_is_append_time=True)
OFFSETS = st.lists(st.integers(0, 30), max_size=40)


@given(OFFSETS, st.integers(0, 35))
def test_gaps_are_what_was_not_added(added: list[int], end: int) -> None:
    ranges = Ranges()
    for offset in added:
        ranges.add(offset)

    found = {each for begin, stop in ranges.gaps(end) for each in range(begin, stop)}

    assert found == set(range(min(added, default=end), end)) - set(added)


def test_lowest_ranges_are_forgotten_when_there_are_too_many() -> None:
    ranges = Ranges()
    for offset in range(0, 2 * inputs.RANGES_MAX + 2, 2):
        ranges.add(offset)

    assert len(ranges) == inputs.RANGES_MAX
    assert next(ranges.gaps(10)) == (3, 4)


def test_record_is_excused_by_the_flood_of_its_own_account_alone() -> None:
    held, cut = Inputs(), Cut(FIRST, signals=4, last=9, rate_max=500)

    held.take_dead(replace(LETTER, error=cut.error.error))

    assert held.was_cut(PLACE, 9, "a")
    assert not held.was_cut(PLACE, 9, "b")
    assert len(held.held(PLACE)) == 0


def test_batch_that_cannot_be_unpacked_is_accounted_for_as_a_whole() -> None:
    held, batch = Inputs(), Unreadable("risk.signals", 0, 3, 8, "bad CRC")

    held.take_dead(replace(LETTER, error=batch.error.error))

    assert list(held.held(PLACE).gaps(10)) == [(8, 10)]


def test_dead_letter_of_one_record_stands_for_that_one() -> None:
    held = Inputs()

    held.take_dead(replace(LETTER, error="Expected `int` of 1 to 2"))

    assert list(held.held(PLACE).gaps(5)) == [(4, 5)]
