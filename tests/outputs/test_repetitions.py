"""Each row counts once, whatever a worker sent again after a crash."""

from pipeline.outputs.record import Output
from pipeline.outputs.repetitions import Repetitions
from tests import given
from tests.outputs.recorded import of_topic, outputs

CHAIN = "0123456789abcdef"


def row(sequence: int, value: bytes = b"{}", *, topic: str = "decisions") -> Output:
    return Output(topic, 0, 0, given.T0_MS, "a", sequence, value)


def kept(
    *rows: Output, forks: set[str] | None = None, chains: dict[bytes, str] | None = None
) -> list[Output]:
    """Return the rows that are no repetition."""
    repetitions = Repetitions(set() if forks is None else forks)
    chains = chains or {}
    return [
        each
        for each in rows
        if not repetitions.is_repeated(each, chain=chains.get(each.value, CHAIN))
    ]


def test_rows_of_one_sequence_are_all_kept_when_they_differ() -> None:
    stop, decision = row(5, b"stop"), row(5, b"decision")

    assert kept(stop, decision) == [stop, decision]


def test_rows_are_dropped_when_events_are_decided_again() -> None:
    first, second, third = row(5, b"5"), row(6, b"6"), row(7, b"7")

    assert kept(first, second, first, second, third) == [first, second, third]


def test_rest_of_a_sequence_is_kept_when_the_crash_cut_it() -> None:
    first, second = row(5, b"one"), row(5, b"two")

    assert kept(first, first, second) == [first, second]


def test_replay_sent_twice_counts_once_when_a_halt_is_decided() -> None:
    made = outputs(given.account(), given.control("halt"), given.control("reduce", control_id="2"))
    stops = of_topic(made, "emergency_stops")

    assert len(stops) == 2
    assert kept(*stops, *stops) == stops


def test_row_of_account_states_is_dropped_when_a_newer_one_came_before() -> None:
    newer, older = row(7, b"7", topic="account_states"), row(3, b"3", topic="account_states")

    assert kept(newer, older, newer) == [newer, newer]


def test_row_of_account_states_is_kept_when_its_account_was_set_aside() -> None:
    rows = [row(7, b"7", topic="account_states"), row(0, b"lost", topic="account_states")]

    assert kept(*rows) == rows


def test_row_is_dropped_when_another_replica_set_sends_it_later() -> None:
    first, second = row(5, b"5"), row(6, b"6")

    assert kept(first, first, second, first, second) == [first, second]


def test_dead_letter_is_dropped_when_its_bytes_came_before() -> None:
    letter, other = (row(0, value, topic="dead_letters") for value in (b"1", b"2"))

    assert kept(letter, other, letter) == [letter, other]


def test_control_counts_twice_when_a_person_sent_it_twice() -> None:
    control = row(0, topic="controls")

    assert kept(control, control) == [control, control]


def test_fork_is_reported_when_one_sequence_has_two_chains() -> None:
    forks: set[str] = set()

    kept(row(5, b"one"), row(5, b"two"), forks=forks, chains={b"two": "fedcba9876543210"})

    assert forks == {"a"}
