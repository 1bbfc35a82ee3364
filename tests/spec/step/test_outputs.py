"""What every output carries: sequence, chain, ids, and when account_states go out."""

import pytest

from tests.spec.desk import SECOND, Desk, open_desk
from tests.spec.rulebook import only


def play(desk: Desk) -> Desk:
    """Send a short history."""
    decision = desk.signal("buy", 10, limit_price="100")
    desk.fill("buy", 10, 100, signal_id=decision["signal_id"])
    desk.wait(SECOND)
    desk.price(99)
    desk.signal("hold")
    return desk


def test_sequence_counts_the_events_of_an_account_from_one() -> None:
    desk = open_desk(only())
    opened = desk.state()["sequence"]

    sequences = [desk.signal("hold")["sequence"] for _ in range(3)]

    assert (opened, sequences) == (1, [2, 3, 4])


def test_same_inputs_make_the_same_bytes() -> None:
    first, second = play(open_desk(only())), play(open_desk(only()))

    assert first.driver.lines == second.driver.lines
    assert len(first.driver.lines) > 3


def test_chain_differs_from_the_first_difference_on() -> None:
    first, second = open_desk(only()), open_desk(only())
    before = first.state()["chain"], second.state()["chain"]

    chains = [
        desk.signal("hold", strength=str(n))["chain"] for n, desk in enumerate((first, second))
    ]

    assert before[0] == before[1]
    assert chains[0] != chains[1]
    assert {len(chain) for chain in chains} == {16}


def test_chain_differs_when_only_the_shared_limits_differ() -> None:
    first, second = open_desk(only()), open_desk(only(cash={}))

    assert first.signal("hold")["chain"] != second.signal("hold")["chain"]


def test_decision_has_the_signals_id_and_the_rest_derived_ones() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    desk.control("flatten")

    (exit_,) = desk.exits()
    alert = desk.sent("alerts")[0]
    number = int(exit_["exit_id"].removeprefix(f"acct-1:{exit_['sequence']}:"))
    assert number >= 1
    assert alert["alert_id"].startswith(f"acct-1:{alert['sequence']}:")


def test_ids_differ_when_several_outputs_go_out() -> None:
    desk = play(open_desk(only(daily_loss={})))
    desk.fill("sell", 5, 1)
    desk.fill("sell", 5, 1)

    ids = [
        row.get("alert_id") or row.get("exit_id") or row.get("decision_id")
        for row in (*desk.sent("decisions"), *desk.sent("alerts"))
    ]
    ids = [each for each in ids if each]
    assert len(ids) == len(set(ids)) > 3


def test_state_goes_out_at_once_when_it_changed() -> None:
    desk = open_desk(only())
    after_opening = len(desk.sent("account_states"))

    for _ in range(5):
        desk.signal("hold")
    within = len(desk.sent("account_states"))
    desk.fill("buy", 1, 100)
    after_fill = len(desk.sent("account_states"))
    desk.wait(SECOND)
    desk.signal("hold")

    assert after_opening == 1
    assert within - after_opening <= 1
    assert after_fill == within + 1
    assert len(desk.sent("account_states")) == after_fill + 1


@pytest.mark.parametrize("topic", ["decisions", "alerts", "emergency_stops", "account_states"])
def test_every_output_ends_with_its_place_in_the_log(topic: str) -> None:
    desk = play(open_desk(only(daily_loss={})))
    desk.fill("sell", 10, 1)

    for row in desk.sent(topic):
        assert list(row)[-4:] == ["sequence", "chain", "rules_version", "at_ms"]
        assert row["at_ms"] <= desk.now_ms
    assert desk.sent(topic)


def test_clock_never_goes_back_when_a_time_does() -> None:
    desk = open_desk(only(order_rate={"orders_max": 1, "window_ms": 1000}))
    desk.wait(5000)
    desk.signal("buy", 1, limit_price="100")

    desk.driver.now_ms -= 3000
    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["order_rate"]


def test_violations_of_the_last_hour_are_counted_by_rule_and_level() -> None:
    desk = open_desk(
        only(order_notional={"order_notional_max": "1"}, order_ratio={"order_ratio_max": "0"})
    )

    for _ in range(3):
        desk.signal("buy", 1, limit_price="100")

    counts = desk.state()["violations_last_hour"]
    assert counts["by_rule"] == {"order_notional": 3, "order_ratio": 3}
    assert counts["by_level"] == {"medium": 6}
    assert desk.sent("alerts") == []
