"""A small batch that unpacks to very much ends nobody's work."""

from tests import given
from tests.kafka.bombs import send_bomb
from tests.kafka.world import World, until

LETTER = "Offsets 0 to 159 cannot be unpacked"


def test_decisions_go_on_when_a_batch_of_signals_and_one_of_prices_cannot_be_unpacked(
    world: World,
) -> None:
    for role in ("broadcast", "risk", "ingest"):
        world.run(role).ready()
    for topic in ("signals", "prices"):
        for partition in range(4):
            name = world.settings.topic(topic)
            send_bomb(world.settings.brokers, name, megabytes=160, partition=partition)

    world.send(given.limits(given.only()), given.account(), given.instrument(), given.price(100))
    world.await_price()
    world.send(given.signal("buy", 1, signal_id="after"))

    decided = world.read("decisions", lambda rows: any(r["signal_id"] == "after" for r in rows))
    assert decided[-1]["verdict"] == "approved"
    letters = world.read("dead_letters", lambda rows: len(rows) >= 8)
    assert all(row["error"].startswith(LETTER) for row in letters)
    assert {row["source"]["topic"] for row in letters} == {"signals", "prices"}
    assert {row["raw_bytes"] for row in letters} == {0}


def test_ingest_begins_again_when_what_follows_its_last_record_cannot_be_unpacked(
    world: World,
) -> None:
    worker = world.run("ingest").ready()
    for partition in range(4):
        for topic in ("signals", "fills", "orders"):
            world.send_bytes(topic, b"{}", key=b"acct-1", partition=partition)
    world.read("dead_letters", lambda rows: len(rows) >= 12)
    assert worker.end() == 0
    send_bomb(world.settings.brokers, world.settings.topic("signals"), megabytes=160)

    world.run("ingest").ready()

    letters = world.read("dead_letters", lambda rows: len(rows) >= 13)
    # Partitions of dead_letters are read in any order.
    assert any(row["error"].startswith("Offsets 1 to 160 cannot be unpacked") for row in letters)


def test_partition_gets_heartbeats_again_when_a_batch_of_account_states_cannot_be_unpacked(
    world: World,
) -> None:
    broadcast, _, _ = (world.run(role).ready() for role in ("broadcast", "risk", "ingest"))
    world.send(given.account())
    world.read("account_states", lambda rows: any(r["account_id"] == given.ACCOUNT for r in rows))
    home, name = world.partition_of(given.ACCOUNT), world.settings.topic("account_states")
    line = f'riskgate_heartbeats_withheld_total{{partition="{home}"}}'
    withheld = broadcast.metric(line)

    send_bomb(world.settings.brokers, name, megabytes=160, partition=home)

    (letter,) = world.read("dead_letters", bool)
    assert (letter["source"]["topic"], letter["source"]["partition"]) == ("account_states", home)
    until(lambda: broadcast.metric(line) > withheld, world.logs)
    assert f"partition {home} gets no heartbeat until risk" in broadcast.ready().log()
    counted = 'riskgate_dead_letters_total{error="unreadable",topic="account_states"}'
    assert broadcast.metric(counted) == 1
