"""Whether quiet accounts stay watched on a real broker when account_states loses their rows."""

from functools import partial

from pipeline.streams.admin.topic_admin import create_missing
from tests import given
from tests.kafka.test_broadcast import HELD, has_revaluation_at
from tests.kafka.world import Row, Worker, World, until
from tests.streams.accounts_watched import row
from topics import codec

ROLES = ("broadcast", "risk", "ingest")
HOME = 2  # The partition of acct-1 among four, by Java's murmur2.


def started(world: World) -> list[Worker]:
    return [world.run(role).ready() for role in ROLES]


def hold(world: World) -> None:
    """Let an account hold a position that it may lose two percent with."""
    world.send(given.limits(given.only("daily_loss", daily_loss_ratio_max="0.02")), *HELD)
    world.read("account_states", lambda rows: any(row["positions"] for row in rows))


def make_anew(world: World) -> None:
    """Delete account_states with all its rows, and create it again."""
    world.delete("account_states")
    until(lambda: "account_states" in "".join(create_missing(world.settings)), world.logs)


def fall(world: World) -> list[Row]:
    """Let the price fall, and return the stops that follow."""
    for price in ("94.9", "94.8", "94.7"):
        world.send(given.price(price))
        world.read("events", partial(has_revaluation_at, price))
    return world.read("emergency_stops", bool)


def test_quiet_account_is_stopped_when_account_states_was_made_anew(world: World) -> None:
    workers = started(world)
    hold(world)
    assert [worker.end() for worker in workers] == [0, 0, 0]
    make_anew(world)
    started(world)

    stops = fall(world)

    assert (stops[0]["rule"], stops[0]["status"]) == ("daily_loss", "triggered")


def test_quiet_account_is_stopped_when_account_states_was_made_anew_beside_risk(
    world: World,
) -> None:
    broadcast, _, _ = started(world)
    hold(world)
    assert broadcast.end() == 0
    make_anew(world)
    world.run("broadcast", instance="two").ready()

    stops = fall(world)

    assert (stops[0]["rule"], stops[0]["status"]) == ("daily_loss", "triggered")


def test_partition_gets_no_heartbeat_when_rows_of_it_are_missing(world: World) -> None:
    report = codec.encode(row("*", accounts=2, topic_id="another"))
    world.send_bytes("account_states", report, key=b"*", partition=HOME)
    broadcast = world.run("broadcast")

    events = world.read("events", lambda rows: len(rows) > 12)

    assert {event["type"] for event in events} == {"revaluation"}  # Each asks for rows.
    assert f"partition {HOME} lacks rows" in broadcast.get("readyz").text
    withheld = broadcast.metric(f'riskgate_heartbeats_withheld_total{{partition="{HOME}"}}')
    assert withheld >= 1


def test_quiet_account_is_stopped_when_its_row_was_deleted(world: World) -> None:
    _, risk, _ = started(world)
    hold(world)

    def was_missed() -> bool:
        # Again and again: a row that was on its way takes the place of one that is deleted.
        world.send_bytes("account_states", None, key=given.ACCOUNT.encode(), partition=HOME)
        world.flush()
        return risk.metric("riskgate_states_rewritten_total") >= 1

    until(was_missed, world.logs)
    stops = fall(world)

    assert (stops[0]["rule"], stops[0]["status"]) == ("daily_loss", "triggered")
