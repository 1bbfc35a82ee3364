"""What an account may hold at most, with bounds small enough to be reached in a test."""

import pytest
from msgspec.structs import replace

from pipeline.risk import on_position, on_signal, working_account
from pipeline.risk.account.kept_fills import ForgottenFills
from pipeline.risk.account.rule_records import Breaker
from pipeline.risk.arrival import Step
from pipeline.risk.gate import judge as result
from pipeline.risk.ledger import booking, money, rates
from pipeline.risk.order import repeats
from tests import given
from tests.risk.log import T0_MS, Log, opened
from tests.spec.desk import Desk, answer_of, numbers_of, open_desk
from tests.spec.rulebook import only
from topics.events import PositionEvent, SignalEvent

TRADED = given.SYMBOL


def traded() -> Log:
    """Return a log whose account bought and sold one symbol."""
    log = opened()
    log.fill("f1", 1, T0_MS + 1)
    log.fill("f2", -1, T0_MS + 2)
    return log


def hear(log: Log, symbol: str) -> Step:
    """Let the account hear of a symbol that it does not trade."""
    body = replace(given.signal("hold"), signal_id=f"of-{symbol}", symbol=symbol)
    event = SignalEvent(
        account_id=given.ACCOUNT,
        source=log.source(),
        instrument=given.instrument(symbol),
        body=replace(body, created_at_ms=T0_MS + 3),
    )
    return log.append(event, T0_MS + 3)


def known(log: Log) -> list[str]:
    """Return the symbols that the account knows."""
    return [] if log.account is None else list(log.account.holdings)


def test_symbol_never_traded_is_forgotten_before_one_that_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(working_account, "POSITIONS_MAX", 3)
    log = traded()
    for symbol in ("A", "B"):
        hear(log, symbol)

    taken = hear(log, "C")

    assert (known(log), taken.fills) == ([TRADED, "B", "C"], ())


def test_kept_fills_are_dropped_when_their_symbol_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(working_account, "POSITIONS_MAX", 1)
    log = traded()

    taken = hear(log, "A")

    assert (known(log), taken.fills) == (["A"], (ForgottenFills(TRADED, 2),))


def test_adopted_symbol_counts_as_traded_when_one_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(working_account, "POSITIONS_MAX", 2)
    log = opened()
    body = replace(given.position(0, symbol="A"), as_of_ms=T0_MS)
    log.append(PositionEvent(account_id=given.ACCOUNT, source=log.source(), body=body), T0_MS + 1)
    hear(log, "B")

    hear(log, "C")

    assert known(log) == ["A", "C"]


def test_symbol_is_kept_while_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working_account, "POSITIONS_MAX", 1)
    log = opened()
    log.fill("f1", 1, T0_MS + 1)

    for symbol in ("A", "B"):
        hear(log, symbol)

    assert known(log) == [TRADED, "B"]


def test_symbol_is_kept_while_an_expired_order_of_it_may_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(working_account, "POSITIONS_MAX", 1)
    log = opened()
    log.ask("s1", T0_MS + 1)
    log.revaluation(100, T0_MS + 70_000)

    hear(log, "A")

    assert known(log) == [TRADED, "A"]


def test_newest_approvals_are_remembered_when_one_order_comes_too_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeats, "REPEATS_MAX", 3)
    desk = open_desk(only(repeated_order={}))
    for _ in range(5):
        desk.signal("buy", 1, limit_price="100")

    decision = desk.signal("buy", 1, limit_price="100")

    # Three that are remembered, and itself.
    assert numbers_of(decision, "repeated_order") == ("pass", "4", "9", "5")


def test_newest_approvals_are_counted_when_there_are_more_than_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_signal, "APPROVALS_MAX", 3)
    desk = open_desk(only(order_rate={}))
    for _ in range(5):
        desk.signal("buy", 1, limit_price="100")

    decision = desk.signal("buy", 1, limit_price="100")

    # Three that are remembered, and itself.
    assert numbers_of(decision, "order_rate") == ("pass", "4", "10", "6")


@pytest.mark.parametrize(("most", "verdict"), [(2, "approved"), (1, "rejected")])
def test_even_an_exit_is_refused_when_orders_reach_their_bound(
    most: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result, "RESERVATIONS_HARD_MAX", most)
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.signal("sell", 1, limit_price="100")

    decision = desk.signal("sell", 1, limit_price="100")

    assert decision["verdict"] == verdict


def test_account_is_halted_when_a_fill_opens_one_position_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(booking, "POSITIONS_MAX", 1)
    desk = open_desk(only())
    desk.fill("buy", 5, 100)

    desk.fill("buy", 5, 100, symbol="Y")

    assert desk.stops() == [("too_many", "triggered")]
    assert [row["symbol"] for row in desk.state()["positions"]] == ["X"]


def test_another_position_may_open_when_one_that_was_held_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(booking, "POSITIONS_MAX", 1)
    desk = open_desk(only())
    desk.fill("buy", 5, 100)
    desk.fill("sell", 5, 100)

    desk.fill("buy", 5, 100, symbol="Y")

    assert (desk.position("Y")["quantity"], desk.stops()) == ("5", [])


def test_account_is_halted_when_too_many_fills_precede_its_opening(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(money, "EARLY_MAX", 2)
    desk = Desk()
    desk.limits(only())
    desk.instrument()
    stopped = []

    for _ in range(3):
        desk.fill("buy", 1, 100)
        stopped.append(desk.stops())

    assert stopped == [[], [], [("too_many", "triggered")]]
    assert desk.position()["quantity"] == "3"


def test_fee_counts_when_its_fill_was_one_too_many_before_the_opening(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(money, "EARLY_MAX", 0)
    desk = Desk()
    desk.limits(only())
    desk.instrument("EURUSD", base_currency="EUR")
    desk.price("1.2", "EURUSD")
    desk.instrument(settlement_currency="EUR")
    desk.fill("buy", 1, 100, fee="5")

    desk.flow("opening", 1000)
    desk.signal("hold")

    # 1000 - 5 x 1.2.
    assert desk.state()["balance"] == "994"


def test_snapshot_is_refused_when_as_many_symbols_are_held_as_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_position, "POSITIONS_MAX", 1)
    desk = open_desk(only())
    desk.snapshot(5, 100)

    desk.snapshot(5, 100, symbol="Y")

    (alert,) = desk.alerts("too_many")
    assert alert["message"] == "the snapshot of Y exceeds the maximum number of positions"
    assert [row["symbol"] for row in desk.state()["positions"]] == ["X"]


def foreign_desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk in dollars that keeps one rate, with E in euros and P in pounds at 5."""
    monkeypatch.setattr(rates, "CURRENCIES_MAX", 1)
    desk = open_desk(only(cash={}))
    for symbol, currency, rate in (("E", "EUR", "1.1"), ("P", "GBP", "1.3")):
        desk.instrument(f"{currency}USD", base_currency=currency)
        desk.instrument(symbol, settlement_currency=currency)
        desk.price(rate, f"{currency}USD")
        desk.price(5, symbol)
    desk.signal("hold", symbol="E")
    return desk


def test_rate_gives_way_to_another_while_it_values_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = foreign_desk(monkeypatch)

    decision = desk.signal("buy", 10, limit_price="5", symbol="P")

    # 10 x 5 x 1.3 of 10 000.
    assert answer_of(decision) == ("approved", "10", [], None)
    assert numbers_of(decision, "cash") == ("pass", "65", "10000", "9935")


def test_entry_is_refused_when_its_rate_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = foreign_desk(monkeypatch)
    desk.signal("buy", 10, limit_price="5", symbol="P")

    decision = desk.signal("buy", 10, limit_price="5", symbol="E")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["cash"])
    assert desk.state()["worst_exposure"] == "65"


def test_nothing_is_kept_of_losses_when_a_win_ended_their_run() -> None:
    log = Log()
    log.limit(given.only("circuit_breaker", consecutive_losses_max=3, cooldown_ms=1000))
    log.open()
    for number, price in enumerate((100, 99, 100, 101)):
        log.fill(f"f{number}", 1 if number % 2 == 0 else -1, T0_MS + number, price=price)

    assert log.account is not None
    assert log.account.capital.realized == 0
    assert log.account.rules.circuit_breaker == Breaker()
