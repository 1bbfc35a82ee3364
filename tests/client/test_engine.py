from collections.abc import Iterable

from riskgate import Engine, Order, Report, Snapshot, Ticket
from tests.demo.given_demo import NOW_MS, VALID_MS, approval, exit_order, stop
from topics import orders


class Book:
    """A venue that accepts everything and fills nothing."""

    def __init__(self, *placed: str) -> None:
        self.placed = list(placed)

    def place(self, ticket: Ticket, now_ms: int) -> orders.Order:
        self.placed.append(ticket.client_id)
        return ticket.answer("accepted", now_ms)

    def find(self, ticket: Ticket, now_ms: int) -> orders.Order | None:
        known = ticket.client_id in self.placed
        return ticket.answer("accepted", now_ms) if known else None

    def cancel_all(self, account_id: str, now_ms: int) -> Iterable[Report]:
        return [_cancelled(name, now_ms) for name in self.placed]

    def reports(self, now_ms: int) -> Iterable[Report]:
        return []

    def snapshots(self, account_id: str, now_ms: int) -> Iterable[Snapshot]:
        return []


def _cancelled(signal_id: str, now_ms: int) -> Order:
    return Order(
        account_id="acct",
        signal_id=signal_id,
        order_id=signal_id,
        symbol="SP500",
        status="cancelled",
        updated_at_ms=now_ms,
    )


def statuses(reports: Iterable[Report]) -> list[str]:
    return [report.status for report in reports if isinstance(report, orders.Order)]


def test_an_approval_is_placed_at_once_when_there_is_no_pace() -> None:
    venue = Book()

    reports = Engine(venue).obey(approval(1), NOW_MS)

    assert statuses(reports) == ["accepted"]
    assert venue.placed == ["s1"]


def test_an_approval_is_placed_when_its_time_has_come() -> None:
    venue = Book()
    engine = Engine(venue, lambda _ticket, now_ms: now_ms + 10)
    engine.obey(approval(1), NOW_MS)

    assert engine.work(NOW_MS + 9) == []
    assert statuses(engine.work(NOW_MS + 10)) == ["accepted"]


def test_a_placed_order_is_reported_when_it_is_read_again_too_late() -> None:
    venue = Book("s1")

    reports = Engine(venue).obey(approval(1), NOW_MS + VALID_MS, again=True)

    assert statuses(reports) == ["accepted"]  # Not expired: it works at the venue.
    assert venue.placed == ["s1"]


def test_an_order_that_was_not_placed_is_placed_when_it_is_read_again() -> None:
    venue = Book()

    reports = Engine(venue).obey(exit_order(1), NOW_MS, again=True)

    assert statuses(reports) == ["accepted"]
    assert venue.placed == ["acct:1:1"]


def test_working_orders_are_cancelled_when_a_stop_is_read_again() -> None:
    engine = Engine(Book("s1"))

    assert statuses(engine.obey(stop(3), NOW_MS, again=True)) == ["cancelled"]


def test_a_ticket_is_obeyed_again_when_its_partition_came_back() -> None:
    engine = Engine(Book(), lambda _ticket, now_ms: now_ms + 10)
    engine.obey(approval(1), NOW_MS)

    engine.forget()

    assert engine.waiting == []
    engine.obey(approval(1), NOW_MS)
    assert [ticket.client_id for ticket in engine.waiting] == ["s1"]
