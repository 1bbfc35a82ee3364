"""Broadcast on a real broker: what happens to accounts that do nothing themselves."""

from functools import partial

from tests import given
from tests.kafka.world import PARTITIONS, Row, World

HELD = (
    given.instrument(),
    given.price(100),
    given.account(balance=1000),
    given.fill("buy", 5, 100),
)


def test_every_partition_gets_heartbeats_when_two_share_them_and_one_is_killed(
    world: World,
) -> None:
    first, _ = (world.run("broadcast", instance=name).ready() for name in ("one", "two"))
    before = world.counts("events", lambda counts: len(counts) == PARTITIONS)

    first.kill()

    # Nobody else sends heartbeats to a dead member's partitions before its session of 6 s is over.
    after = world.counts("events", lambda counts: all(counts[p] >= before[p] + 4 for p in before))
    assert set(after) == set(range(PARTITIONS))


def test_every_partition_gets_heartbeats_at_once_when_one_of_two_is_told_to_end(
    world: World,
) -> None:
    # As long as a test waits: whoever needs the end of the session to go on fails.
    patient = {"session_timeout_ms": 45_000}
    first, _ = (world.run("broadcast", instance=name, **patient).ready() for name in ("one", "two"))

    assert first.end() == 0
    before = world.counts("events", lambda counts: len(counts) == PARTITIONS)

    after = world.counts("events", lambda counts: all(counts[p] >= before[p] + 20 for p in before))
    assert set(after) == set(range(PARTITIONS))


def test_account_is_flattened_without_a_word_of_its_own_when_the_price_falls(world: World) -> None:
    for role in ("broadcast", "risk", "ingest"):
        world.run(role).ready()
    world.send(given.limits(given.only("daily_loss", daily_loss_ratio_max="0.02")), *HELD)
    world.read("account_states", lambda rows: any(row["positions"] for row in rows))

    for price in ("94.9", "94.8", "94.7"):
        world.send(given.price(price))
        world.read("events", partial(has_revaluation_at, price))

    stops = world.read("emergency_stops", bool)
    exits = world.read("decisions", lambda rows: any(row["kind"] == "exit" for row in rows))
    assert (stops[0]["rule"], stops[0]["status"]) == ("daily_loss", "triggered")
    assert exits[-1]["quantity"] == "5"


def test_quiet_account_is_halted_when_everyone_is(world: World) -> None:
    for role in ("broadcast", "risk", "ingest"):
        world.run(role).ready()
    world.send(given.limits(given.only()), *HELD)
    world.read("account_states", lambda rows: any(row["positions"] for row in rows))

    world.send(given.control("halt", account_id="*"))

    (stop,) = world.read("emergency_stops", bool)
    assert (stop["account_id"], stop["rule"], stop["actions"]) == (
        "acct-1",
        "control",
        ["cancel_all"],
    )


def test_partition_gets_no_heartbeat_when_a_row_of_it_does_not_decode(world: World) -> None:
    stranger = b'{"account_id":"acct-1","trading_state":"sleeping"}'
    world.send_bytes("account_states", stranger, key=b"acct-1", partition=2)
    world.flush()
    broadcast = world.run("broadcast")

    counts = world.counts("events", lambda counts: all(counts[p] >= 3 for p in (0, 1, 3)))
    assert counts[2] == 0
    assert "partition 2 lacks readable rows of 1 accounts" in broadcast.get("readyz").text
    assert broadcast.metric('riskgate_accounts_unread{partition="2"}') == 1

    world.send_bytes("account_states", None, key=b"acct-1", partition=2)
    world.counts("events", lambda counts: counts[2] >= 1)
    broadcast.ready()


def test_broadcast_knows_the_broker_s_clock_when_it_sent_a_heartbeat(world: World) -> None:
    broadcast = world.run("broadcast").ready()
    world.counts("events", lambda counts: len(counts) == PARTITIONS)

    ahead_s = broadcast.metric('riskgate_broker_ahead_seconds{partition="0"}')

    assert -1 < ahead_s <= 0.001  # The same clock, less the way back.


def test_ingest_and_broadcast_end_when_the_prices_are_gone(world: World) -> None:
    roles = [world.run(role, table_lag_ms_max=2000).ready() for role in ("ingest", "broadcast")]

    world.delete("prices")

    # 2: a role that began a new session first finds that a topic is missing.
    assert {role.code() for role in roles} <= {1, 2}
    assert all("the tables cannot be read anymore" in role.log() for role in roles)


def has_revaluation_at(price: str, events: list[Row]) -> bool:
    """Whether a revaluation of the log carries a quote of this price."""
    markets = [
        market
        for row in events
        if row["type"] == "revaluation"
        for market in row["body"]["markets"]
    ]
    return any(market["quote"]["last"] == price for market in markets)
