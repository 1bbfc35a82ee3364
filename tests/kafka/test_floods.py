"""One account floods `signals` on a real broker: every signal of it is decided or named as cut."""

import re

from tests import given
from tests.kafka.world import Row, Worker, World, until

FLOOD = 20_000
READ = 'riskgate_records_total{topic="signals"}'
CUT = 'riskgate_signals_cut_total{topic="signals"}'


def flood(world: World) -> Worker:
    """Let one account flood, and another ask and a fill come after it; wait until all is read."""
    *_, ingest = (world.run(role).ready() for role in ("broadcast", "risk", "ingest"))
    world.send(*(given.account(name) for name in ("flooder", "other")))
    for number in range(FLOOD):
        world.send(given.signal("hold", account_id="flooder", signal_id=f"f{number}"))
    world.send(given.fill(account_id="flooder"))
    world.send(given.signal("hold", account_id="other", signal_id="o"))
    world.flush()
    until(lambda: ingest.metric(READ) >= FLOOD + 1, ingest.log)
    return ingest


def named(letters: list[Row]) -> int:
    """Return how many signals the dead letters of a flood name."""
    found = (re.search(r"Flood: all (\d+) signals", str(row["error"])) for row in letters)
    return sum(int(each[1]) for each in found if each)


def test_every_signal_of_a_flood_is_decided_or_named_in_a_dead_letter(world: World) -> None:
    cut = int(flood(world).metric(CUT))

    letters = world.read("dead_letters", lambda rows: named(rows) >= cut)
    decided = world.read("decisions", lambda rows: len(rows) >= FLOOD - cut + 1)
    events = world.read("events", lambda rows: rows[-1]["type"] == "fills")

    assert 0 < cut < FLOOD
    assert named(letters) == cut
    assert len({row["signal_id"] for row in decided}) == FLOOD - cut + 1
    assert "o" in {row["signal_id"] for row in decided}
    assert [row["account_id"] for row in events if row["type"] == "fills"] == ["flooder"]
