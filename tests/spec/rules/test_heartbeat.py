"""Entries need a heartbeat of broadcast: without one nobody watches the stops."""

from tests.spec.desk import MINUTE, numbers_of, open_desk
from tests.spec.rulebook import only


def test_heartbeat_passes_when_heartbeats_are_fresh() -> None:
    desk = open_desk(only(watch={}))
    desk.wait(MINUTE)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "heartbeat") == ("pass", "0", "5000", "5000")
