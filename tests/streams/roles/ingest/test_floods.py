"""One account that sends too many signals: what is cut, and what its sender hears of it."""

import pytest

from pipeline.streams.input_groups import OTHERS
from pipeline.streams.observe.metrics import value
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Partition, Record
from pipeline.streams.roles.ingest.floods import Floods
from pipeline.streams.roles.ingest.ingest import IngestOfOthers
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from tests import given
from tests.streams.fakes import Outbox, commit, record
from topics import codec

SETTINGS = Settings(partitions=3, signal_rate_max=1, signal_topics=("signals.b",))  # Ten at once.


class _Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def ingest(outbox: Outbox, clock: _Clock) -> IngestOfOthers:
    floods, tables = Floods(1, now_s=clock), Tables(SETTINGS)
    role = IngestOfOthers(SETTINGS, tables, produce=outbox, tally=Tally(), floods=floods)
    for name in (*(topic.name for topic in OTHERS), "signals.b"):
        for number in (0, 1):
            role.assign(Partition(f"risk.{name}", number, f"id-of-{name}"), None)
    return role


def signal(offset: int, *, account: str = "acct-1", topic: str = "signals") -> Record:
    """Return a signal of an account as ingest reads it."""
    body = codec.encode(given.signal(signal_id=f"s-{offset}", account_id=account))
    return record(f"risk.{topic}", body, key=account.encode(), offset=offset)


def events(outbox: Outbox) -> list[object]:
    """Return the offsets of what went into the log."""
    sources = [sent.row["source"] for sent in outbox.of("risk.events")]
    return [source["offset"] for source in sources if isinstance(source, dict)]


def flood(ingest: IngestOfOthers, signals: int, *, first: int = 0) -> None:
    """Let one account send so many signals."""
    for offset in range(first, first + signals):
        ingest.apply(signal(offset))


def test_flood_becomes_one_dead_letter_that_names_its_offsets(
    ingest: IngestOfOthers, outbox: Outbox
) -> None:
    flood(ingest, 25)

    commit(ingest)

    (letter,) = outbox.of("risk.dead_letters")
    assert events(outbox) == [*range(10)]
    assert (letter.key, letter.row["raw"] != "") == (b"acct-1", True)
    assert letter.row["error"] == (
        "Flood: all 15 signals of this key from offset 10 to 24 of this partition are refused "
        "without a decision; an account may send 1 a second, 10 times that at once "
        "(RISKGATE_SIGNAL_RATE_MAX)"
    )


def test_every_signal_is_passed_on_or_named_when_a_flood_goes_on(
    ingest: IngestOfOthers, outbox: Outbox, clock: _Clock
) -> None:
    for second in range(3):
        flood(ingest, 20, first=20 * second)
        commit(ingest)
        clock.now_s += 1

    named = [sent.row["error"] for sent in outbox.of("risk.dead_letters")]
    assert events(outbox) == [*range(10), 20, 40]
    assert [str(each).split(" of this key ")[1].split(" of this ")[0] for each in named] == [
        "from offset 10 to 19",
        "from offset 21 to 39",
        "from offset 41 to 59",
    ]


def test_other_accounts_and_other_topics_pass_beside_a_flood(
    ingest: IngestOfOthers, outbox: Outbox
) -> None:
    flood(ingest, 25)

    ingest.apply(signal(25, account="acct-2"))
    ingest.apply(signal(26, topic="signals.b"))

    assert events(outbox) == [*range(10), 25, 26]


def test_fills_orders_and_positions_are_never_cut(ingest: IngestOfOthers, outbox: Outbox) -> None:
    fill = codec.encode(given.fill("buy", 1, 100))

    for offset in range(50):
        ingest.apply(record("risk.fills", fill, offset=offset))
    commit(ingest)

    assert events(outbox) == [*range(50)]


def test_account_passes_again_once_its_flood_has_ended(
    ingest: IngestOfOthers, outbox: Outbox, clock: _Clock
) -> None:
    flood(ingest, 25)
    commit(ingest)

    clock.now_s += 30
    flood(ingest, 10, first=25)

    assert events(outbox) == [*range(10), *range(25, 35)]


def test_nothing_is_reported_of_a_partition_that_was_lost(
    ingest: IngestOfOthers, outbox: Outbox
) -> None:
    flood(ingest, 25)

    ingest.revoke(Partition("risk.signals", 0, "id-of-signals"))
    commit(ingest)

    assert outbox.of("risk.dead_letters") == []


def test_cut_signals_are_counted_when_they_are_committed(outbox: Outbox, clock: _Clock) -> None:
    tally, before = Tally(), value("riskgate_signals_cut_total", topic="signals")
    floods = Floods(1, now_s=clock)
    ingest = IngestOfOthers(SETTINGS, Tables(SETTINGS), produce=outbox, tally=tally, floods=floods)
    ingest.assign(Partition("risk.signals", 0, "id-of-signals"), None)

    flood(ingest, 25)
    commit(ingest)
    tally.flush()

    assert value("riskgate_signals_cut_total", topic="signals") - before == 15


def test_memory_of_what_keys_sent_has_a_bound(clock: _Clock) -> None:
    floods = Floods(1, now_s=clock)
    for number in range(1000):
        floods.cuts(signal(number, account=f"acct-{number}"))

    clock.now_s += 11
    floods.cuts(signal(1000))

    assert len(floods._left) == 1
