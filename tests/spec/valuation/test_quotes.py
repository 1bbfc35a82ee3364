"""Which quotes are used: not one from the future, and the older one stays instead."""

from tests.spec.desk import open_desk
from tests.spec.rulebook import only


def test_quote_is_not_used_when_it_comes_from_the_future() -> None:
    desk = open_desk(only(stale_mark={}), mark=None)

    desk.price(100, as_of_ms=desk.now_ms + 1001)
    too_early = desk.signal("buy", 1, limit_price="100")
    desk.price(100, as_of_ms=desk.now_ms + 1000)
    early = desk.signal("buy", 1, limit_price="100")

    assert (too_early["verdict"], early["verdict"]) == ("rejected", "approved")


def test_older_quote_stays_when_a_newer_one_is_refused() -> None:
    desk = open_desk(only(stale_mark={}))

    desk.price(50, as_of_ms=desk.now_ms + 5000)
    desk.fill("buy", 1, 100)

    assert desk.position()["mark_price"] == "100"
