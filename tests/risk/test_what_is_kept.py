"""What is kept of the past is bounded: the oldest goes first, and what cannot go halts or refuses.

The bounds are made small enough to be reached in a test.
"""

import pytest
from msgspec.structs import replace

from pipeline.risk import chain, on_control, release, shared_record, stops, turn
from pipeline.risk.ledger import booking, cash, money
from pipeline.risk.protection import exits
from pipeline.risk.rules import too_many
from tests import given
from tests.risk.log import T0_MS, Log
from tests.spec.desk import MINUTE, SECOND, Desk, numbers_of, open_desk
from tests.spec.rulebook import only
from topics.events import AccountEvent, Source


def pay(desk: Desk, currency: str) -> None:
    """Fill one unit with a fee in a currency that nobody has a rate for."""
    desk.fill("buy", 1, 100, fee="1", fee_currency=currency)


def test_account_is_halted_when_more_fills_wait_for_their_instrument_than_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(booking, "PENDING_MAX", 2)
    desk = open_desk(only())
    stopped = []

    for _ in range(3):
        desk.fill("buy", 1, 100, symbol="Y")
        stopped.append(desk.stops())

    assert stopped == [[], [], [("too_many", "triggered")]]
    assert desk.position("Y")["quantity"] == "2"


def test_account_is_halted_when_money_waits_for_more_rates_than_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(money, "UNCONVERTED_MAX", 1)
    desk = open_desk(only())
    pay(desk, "EUR")
    pay(desk, "EUR")
    before = desk.stops()

    pay(desk, "GBP")

    assert (before, desk.stops()) == ([], [("too_many", "triggered")])


@pytest.mark.parametrize(("most", "told"), [(1, 3), (2, 2)])
def test_oldest_breach_is_told_anew_when_too_many_were_told(
    most: int, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "ALERTED_MAX", most)
    desk = open_desk(only())

    for currency in ("EUR", "GBP", "EUR"):
        pay(desk, currency)

    assert len(desk.alerts("unknown_rate")) == told


def test_oldest_expired_order_is_not_restored_when_too_many_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turn, "EXPIRED_MAX", 1)
    desk = open_desk(only())
    for name in ("one", "two"):
        desk.signal("buy", 1, limit_price="100", signal_id=name)
        desk.wait(SECOND)
    desk.wait(MINUTE)

    for name in ("one", "two"):
        desk.order(name, "accepted")

    assert desk.reserved() == {"two": "1"}


def test_late_fill_is_an_overfill_while_its_order_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(release, "ENDED_MAX", 1)
    desk = open_desk(only())
    for name in ("one", "two"):
        desk.signal("buy", 1, limit_price="100", signal_id=name)
        desk.order(name, "accepted", order_id=name)
        desk.fill("buy", 1, 100, order_id=name)

    for name in ("one", "two"):
        desk.fill("buy", 1, 100, order_id=name)

    assert (len(desk.alerts("unmatched_fill")), len(desk.alerts("overfill"))) == (1, 1)


def test_control_is_ignored_when_as_many_stops_are_open_as_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_control, "STOPS_MAX", 1)
    desk = open_desk(only())
    desk.control("reduce")

    desk.control("halt", control_id="c")

    (alert,) = desk.alerts("control")
    assert alert["message"] == "c is ignored: too many stops are open"
    assert desk.state()["trading_state"] == "reducing"


def test_control_of_everyone_is_ignored_when_stops_reach_their_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_record, "SHARED_STOPS_MAX", 1)
    desk = open_desk(only())
    desk.control("reduce", account_id="*")

    desk.control("halt", account_id="*", control_id="c")

    (alert,) = desk.alerts("control")
    assert alert["message"] == "c is ignored: too many stops of all accounts are open"
    assert desk.signal("buy", 1)["trading_state"] == "reducing"


@pytest.mark.parametrize(("most", "repeated"), [(1, False), (2, True)])
def test_repetition_is_known_while_the_offset_of_its_partition_is_kept(
    most: int,
    repeated: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chain, "SOURCES_MAX", most)
    log = Log()
    log.open()
    first = Source(topic="any", topic_id="any", partition=0, offset=1)
    for source in (Source(topic="any", topic_id="any", partition=1, offset=1), first):
        body = replace(given.flow("deposit", 5, flow_id="again"), as_of_ms=T0_MS)
        event = AccountEvent(account_id=given.ACCOUNT, source=source, body=body)
        taken = log.append(event, T0_MS + 1)

    assert taken.repeated == repeated


def test_rest_of_a_flattening_waits_when_it_takes_too_many_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exits, "PIECES_MAX", 2)
    desk = open_desk(only())
    desk.instrument(max_quantity="4")
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    first = [row["quantity"] for row in desk.exits()]

    for row in desk.exits():
        desk.fill("sell", row["quantity"], 100, signal_id=row["exit_id"])
    desk.wait(SECOND)

    assert (first, [row["quantity"] for row in desk.exits()]) == (["4", "4"], ["4", "4", "2"])


def test_entry_is_refused_when_symbols_reach_their_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(too_many, "POSITIONS_MAX", 1)
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.signal("buy", 1, limit_price="100")

    same = desk.signal("buy", 1, limit_price="100")
    other = desk.signal("buy", 1, limit_price="100", symbol="Y")

    assert numbers_of(same, "too_many") == ("pass", "2", "1000", "998")
    assert numbers_of(other, "too_many") == ("breach", "2", "1", "-1")


def test_entry_is_refused_when_as_many_orders_work_as_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(too_many, "RESERVATIONS_MAX", 1)
    desk = open_desk(only())

    first = desk.signal("buy", 1, limit_price="100")
    second = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(first, "too_many") == ("pass", "1", "1", "0")
    assert numbers_of(second, "too_many") == ("breach", "2", "1", "-1")
    assert second["reasons"] == ["too_many"]


def cash_desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk that keeps the cash of one other currency at most."""
    monkeypatch.setattr(cash, "CASH_MAX", 1)
    return open_desk(only() | {"account": {"cash": "by_currency"}})


@pytest.mark.parametrize("currency", ["EUR", "GBP"])
def test_account_is_halted_when_it_has_too_many_currencies(
    currency: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = cash_desk(monkeypatch)
    desk.flow("deposit", 1, currency="EUR")

    desk.flow("deposit", 1, currency=currency)

    assert desk.stops() == ([] if currency == "EUR" else [("too_many", "triggered")])
    assert list(desk.state()["cash"]) == ["USD", "EUR"]


def test_account_is_halted_when_flows_wait_for_more_rates_than_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = cash_desk(monkeypatch)
    for kind in ("deposit", "withdrawal"):
        desk.flow(kind, 1, currency="EUR")

    desk.flow("deposit", 1, currency="GBP")

    assert (desk.stops(), desk.state()["cash"]) == ([("too_many", "triggered")], {"USD": "10000"})


def test_oldest_adopted_snapshot_is_forgotten_when_too_many_currencies_were_adopted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = cash_desk(monkeypatch)
    as_of_ms = desk.now_ms
    for currency in ("EUR", "GBP"):
        for amount in (5, 0):
            desk.flow("snapshot", amount, currency=currency)
            desk.wait(6 * SECOND)

    for currency in ("GBP", "EUR"):
        desk.fill("buy", 1, 100, fee="1", fee_currency=currency, executed_at_ms=as_of_ms + 1)

    # The snapshot of GBP is known to hold its fee.
    assert desk.state()["cash"] == {"USD": "10000", "EUR": "-1"}
