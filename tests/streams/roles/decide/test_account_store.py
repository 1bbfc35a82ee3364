from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.identities import IN_PLACE
from pipeline.risk.step import Lookup, Recall, Remembered
from pipeline.streams.roles.decide.account_store import RING_ENTRIES, AccountStore

ENTRIES = [Remembered("signals", number, f"signal:{number}", 1000 + number) for number in range(70)]


def written(entries: list[Remembered]) -> MemoryStore:
    """A store in which a worker remembered ids of `a`, with a commit after each tenth."""
    store = MemoryStore()
    accounts = AccountStore(store)
    for entry in entries:
        accounts.remember("a", entry)
    return store


def test_places_of_the_ring_are_found_when_another_worker_goes_on() -> None:
    accounts = AccountStore(written(ENTRIES))

    assert accounts.recall(Lookup("a", kind="signals", oldest=(30, 31, 32, 69))).oldest == (
        *ENTRIES[30:33],
        ENTRIES[69],
    )


def test_places_of_the_ring_are_found_when_they_are_not_committed_yet() -> None:
    accounts = AccountStore(written(ENTRIES[:33]))
    accounts.remember("a", ENTRIES[33])

    assert accounts.recall(Lookup("a", kind="signals", oldest=(32, 33))).oldest == (
        ENTRIES[32],
        ENTRIES[33],
    )


def test_time_is_found_under_the_identity_when_it_was_remembered() -> None:
    accounts = AccountStore(written(ENTRIES))

    assert accounts.recall(Lookup("a", "signal:7")) == Recall(seen_at_ms=1007)
    assert accounts.recall(Lookup("b", "signal:7")) == Recall()


def test_content_is_found_and_changes_in_place_when_it_was_kept_with_an_id() -> None:
    store = MemoryStore()
    accounts = AccountStore(store)
    accounts.remember("a", Remembered("fills", 0, "fill|X|buy|1", 1000, "10|100"))

    first = accounts.recall(Lookup("a", "fill|X|buy|1"))
    accounts.remember("a", Remembered("fills", IN_PLACE, "fill|X|buy|1", 1000, "11|100"))

    assert first == Recall(seen_at_ms=1000, seen_content="10|100")
    assert accounts.recall(Lookup("a", "fill|X|buy|1", "fills", (0, 1))) == Recall(
        seen_at_ms=1000,
        seen_content="11|100",
        oldest=(Remembered("fills", 0, "fill|X|buy|1", 1000),),
    )


def test_nothing_is_left_of_ids_when_all_of_a_block_are_forgotten() -> None:
    store = written(ENTRIES[:RING_ENTRIES])
    accounts = AccountStore(store)

    for entry in ENTRIES[:RING_ENTRIES]:
        accounts.forget("a", entry)

    keys = [
        b"r|a|signals|0",
        *(f"i|a|{entry.identity}".encode() for entry in ENTRIES[:RING_ENTRIES]),
    ]
    assert [store.get(key) for key in keys] == [None] * len(keys)
    assert accounts.recall(Lookup("a", "signal:0", "signals", (0, 31))) == Recall()


def test_ring_goes_on_when_ids_before_it_are_not_in_the_store() -> None:
    accounts = AccountStore(written(ENTRIES[40:]))

    assert accounts.recall(Lookup("a", kind="signals", oldest=(39, 40, 41))).oldest == (
        ENTRIES[40],
        ENTRIES[41],
    )
