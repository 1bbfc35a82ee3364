from decimal import Decimal

from msgspec.structs import replace

from riskgate.engine_protocol import CancelAll, EngineProtocol, Status, Ticket
from tests.demo.given_demo import NOW_MS, VALID_MS, approval, exit_order, stop
from topics.orders import Order


def answer(client_id: str, status: Status, *, at_ms: int = NOW_MS) -> Order:
    return Order(
        account_id="acct",
        signal_id=client_id,
        order_id=client_id,
        symbol="SP500",
        status=status,
        filled_quantity=Decimal(0),
        updated_at_ms=at_ms,
    )


def placed(protocol: EngineProtocol, client_id: str) -> Ticket | None:
    ticket = protocol.place("acct", client_id, now_ms=NOW_MS)
    assert ticket is None or isinstance(ticket, Ticket)
    return ticket


def test_an_approval_waits_to_be_placed_under_its_decision_id() -> None:
    protocol = EngineProtocol()

    words = protocol.obey(approval(1, quantity="7", limit="2000.5"), NOW_MS)

    assert words == []
    assert placed(protocol, "s1") == Ticket(
        client_id="s1",
        account_id="acct",
        symbol="SP500",
        side="buy",
        quantity=Decimal(7),
        limit_price=Decimal("2000.5"),
        valid_until_ms=NOW_MS + VALID_MS,
        sequence=1,
    )


def test_nothing_waits_when_a_signal_was_rejected() -> None:
    protocol = EngineProtocol()

    words = protocol.obey(replace(approval(1), verdict="rejected"), NOW_MS)

    assert words == []
    assert protocol.waiting == []


def test_an_approval_is_placed_once_when_it_is_read_twice() -> None:
    protocol = EngineProtocol()

    protocol.obey(approval(1), NOW_MS)
    first = placed(protocol, "s1")
    protocol.obey(approval(1), NOW_MS)

    assert first is not None
    assert protocol.waiting == []


def test_an_approval_is_answered_expired_when_it_is_read_at_its_end() -> None:
    protocol = EngineProtocol()

    words = protocol.obey(approval(1), NOW_MS + VALID_MS)

    assert words == [answer("s1", "expired", at_ms=NOW_MS + VALID_MS)]
    assert protocol.waiting == []


def test_an_approval_is_placed_a_millisecond_before_its_end() -> None:
    protocol = EngineProtocol()

    protocol.obey(approval(1), NOW_MS + VALID_MS - 1)

    assert [ticket.client_id for ticket in protocol.waiting] == ["s1"]


def test_an_approval_is_answered_expired_when_it_waited_too_long() -> None:
    protocol = EngineProtocol()
    protocol.obey(approval(1), NOW_MS)

    word = protocol.place("acct", "s1", now_ms=NOW_MS + VALID_MS)

    assert word == answer("s1", "expired", at_ms=NOW_MS + VALID_MS)


def test_a_stop_drops_approvals_before_it_and_cancels_what_works() -> None:
    protocol = EngineProtocol()
    protocol.obey(approval(1), NOW_MS)
    protocol.obey(approval(3), NOW_MS)

    words = protocol.obey(stop(3), NOW_MS)

    assert words == [answer("s1", "cancelled"), CancelAll("acct")]
    assert [ticket.client_id for ticket in protocol.waiting] == ["s3"]


def test_an_approval_from_before_a_stop_is_dropped_when_it_is_read_after_it() -> None:
    protocol = EngineProtocol()
    protocol.obey(stop(3), NOW_MS)

    words = protocol.obey(approval(2), NOW_MS)

    assert words == [answer("s2", "cancelled")]
    assert protocol.waiting == []


def test_a_stop_that_only_reduces_cancels_nothing_at_the_venue() -> None:
    protocol = EngineProtocol()
    protocol.obey(approval(1), NOW_MS)

    words = protocol.obey(stop(2, halts=False), NOW_MS)

    assert words == [answer("s1", "cancelled")]


def test_a_stop_cancels_nothing_when_it_is_repeated_after_the_account_was_resumed() -> None:
    protocol = EngineProtocol()
    protocol.obey(stop(3), NOW_MS)
    protocol.obey(stop(5, status="resumed"), NOW_MS)

    words = protocol.obey(stop(3), NOW_MS)

    assert words == []


def test_a_stop_cancels_what_works_when_another_release_gave_its_id_to_a_weaker_one() -> None:
    protocol = EngineProtocol()

    assert protocol.obey(stop(2, halts=False), NOW_MS) == []
    assert protocol.obey(stop(2), NOW_MS) == [CancelAll("acct")]
    assert protocol.obey(stop(2), NOW_MS) == []


def test_exits_stay_when_a_stop_comes() -> None:
    protocol = EngineProtocol()
    protocol.obey(exit_order(1), NOW_MS)

    protocol.obey(stop(2), NOW_MS)

    assert [ticket.client_id for ticket in protocol.waiting] == ["acct:1:1"]


def test_a_stop_leaves_other_accounts_alone() -> None:
    protocol = EngineProtocol()
    protocol.obey(approval(1, account="other"), NOW_MS)

    words = protocol.obey(stop(2), NOW_MS)

    assert words == [CancelAll("acct")]
    assert [ticket.account_id for ticket in protocol.waiting] == ["other"]


def test_later_rows_of_a_stop_drop_nothing() -> None:
    protocol = EngineProtocol()
    protocol.obey(approval(4), NOW_MS)

    words = [protocol.obey(stop(5, status=status), NOW_MS) for status in ("flattening", "flat")]

    assert words == [[], []]
    assert [ticket.client_id for ticket in protocol.waiting] == ["s4"]


def test_approvals_after_a_stop_are_placed_once_it_was_lifted() -> None:
    protocol = EngineProtocol()
    protocol.obey(stop(3), NOW_MS)
    protocol.obey(stop(5, status="resumed"), NOW_MS)

    protocol.obey(approval(6), NOW_MS)

    assert [ticket.client_id for ticket in protocol.waiting] == ["s6"]


def test_messages_of_one_sequence_and_chain_belong_together() -> None:
    protocol = EngineProtocol()

    protocol.obey(approval(1, sequence=4), NOW_MS)
    protocol.obey(exit_order(4), NOW_MS)

    assert [ticket.client_id for ticket in protocol.waiting] == ["s1", "acct:4:1"]
    assert protocol.refused == []


def test_an_account_is_refused_when_its_log_forked() -> None:
    protocol = EngineProtocol()
    protocol.obey(approval(1), NOW_MS)

    words = protocol.obey(replace(approval(2, sequence=1), chain="another"), NOW_MS)

    assert words == [answer("s1", "cancelled"), CancelAll("acct"), answer("s2", "rejected")]
    assert protocol.refused == ["acct"]


def test_a_refused_account_gets_rejections_only() -> None:
    protocol = EngineProtocol()
    protocol.obey(approval(1), NOW_MS)
    protocol.obey(replace(stop(1), chain="another"), NOW_MS)

    words = protocol.obey(approval(9), NOW_MS)

    assert words == [answer("s9", "rejected")]
    assert protocol.waiting == []


def test_what_was_obeyed_before_a_restart_is_known_but_not_done_again() -> None:
    protocol = EngineProtocol()
    for message in (approval(1), stop(3)):
        protocol.remember(message)

    words = [protocol.obey(approval(number), NOW_MS) for number in (1, 2)]

    assert words == [[], [answer("s2", "cancelled")]]
    assert protocol.waiting == []


def test_an_account_stays_refused_when_the_fork_was_before_a_restart() -> None:
    protocol = EngineProtocol()
    protocol.remember(approval(1))
    protocol.remember(replace(approval(1), chain="another"))

    assert protocol.obey(approval(2), NOW_MS) == [answer("s2", "rejected")]
    assert EngineProtocol(protocol.refused).obey(approval(3), NOW_MS) == [answer("s3", "rejected")]


def test_a_repetition_acts_no_more_when_it_is_older_than_what_is_remembered() -> None:
    protocol = EngineProtocol()
    for number in range(1, 1002):
        protocol.remember(approval(number))

    words = [protocol.obey(approval(number), NOW_MS) for number in (1, 2, 1001, 1002)]

    assert words == [[], [], [], []]
    assert [ticket.client_id for ticket in protocol.waiting] == ["s1002"]


def test_the_same_signal_id_of_two_accounts_is_placed_twice() -> None:
    protocol = EngineProtocol()

    protocol.obey(approval(1), NOW_MS)
    protocol.obey(approval(1, account="other"), NOW_MS)

    assert [ticket.account_id for ticket in protocol.waiting] == ["acct", "other"]


def test_an_order_id_fits_the_contract_when_the_exit_id_is_long() -> None:
    protocol = EngineProtocol()
    account = "a" * 128
    protocol.obey(exit_order(7, account=account), NOW_MS)
    (ticket,) = protocol.waiting

    order = ticket.answer("expired", NOW_MS)

    assert len(order.signal_id) == 132
    assert order.order_id == "a" * 124 + ":7:1"
