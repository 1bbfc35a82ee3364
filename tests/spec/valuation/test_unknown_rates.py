"""Money in another currency without a rate is unknown, never one to one: the gate fails closed."""

import pytest

from tests.spec.desk import SECOND, Desk, numbers_of, open_desk
from tests.spec.rulebook import only


def no_pair_desk(**rules: dict[str, object]) -> Desk:
    """Return a desk in dollars with an instrument E in euros, and no pair of the two."""
    desk = open_desk(only(**rules))
    desk.instrument("E", settlement_currency="EUR")
    desk.price(5, "E")
    return desk


def test_entry_is_rejected_when_the_rate_of_its_currency_is_unknown() -> None:
    desk = no_pair_desk(unknown_rate={}, stale_mark={}, cash={}, gross_exposure={})

    decision = desk.signal("buy", 1, symbol="E", limit_price="5")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["unknown_rate"])
    assert numbers_of(decision, "cash")[:2] == ("breach", None)


def test_entry_elsewhere_is_rejected_while_a_position_cannot_be_converted() -> None:
    desk = no_pair_desk(unknown_rate={}, stale_mark={})

    desk.fill("buy", 1, 5, symbol="E")
    decision = desk.signal("buy", 1, limit_price="100")

    assert (desk.state()["equity"], decision["reasons"]) == (None, ["unknown_rate"])


def test_exit_passes_while_its_position_cannot_be_converted() -> None:
    desk = no_pair_desk(unknown_rate={}, stale_mark={}, cash={}, drawdown={}, daily_loss={})
    desk.fill("buy", 1, 5, symbol="E")

    decision = desk.signal("sell", 1, symbol="E", limit_price="5")

    assert decision["verdict"] == "approved"


def test_equity_is_unknown_when_a_fee_cannot_be_converted() -> None:
    desk = open_desk(only())

    desk.fill("buy", 1, 100, fee="1", fee_currency="EUR")

    assert desk.state()["equity"] is None
    assert desk.position()["quantity"] == "1"


@pytest.mark.parametrize(("fee", "stopped"), [("1", True), ("-1", False)])
def test_loss_is_not_hidden_when_only_a_fee_cannot_be_converted(
    fee: str,
    stopped: bool,  # noqa: FBT001
) -> None:
    desk = open_desk(only(drawdown={"drawdown_ratio_max": "0.05"}))
    desk.fill("buy", 10, 100, fee=fee, fee_currency="EUR")

    for _ in range(3):
        desk.price(40)
        desk.wait(SECOND)

    # 10 x -60 of 10 000. A fee makes it worse; nobody knows what a rebate is worth.
    assert (desk.state()["equity"], desk.stops() != []) == (None, stopped)


def test_fee_in_the_settlement_currency_is_the_same_named_or_not() -> None:
    desk = open_desk(only())

    desk.fill("buy", 1, 100, fee="1", fee_currency="USD")
    desk.fill("buy", 1, 100, fee="1")

    assert desk.state()["balance"] == "9998"


@pytest.mark.parametrize("settlement", ["BTC", "USD"])
def test_entry_in_an_inverse_instrument_is_never_taken_for_a_linear_one(settlement: str) -> None:
    desk = open_desk(only(stale_mark={}, cash={}))
    desk.instrument("I", kind="inverse", base_currency=settlement, settlement_currency=settlement)
    desk.price(50_000, "I")

    decision = desk.signal("buy", 1000, symbol="I", limit_price="50000")

    # As a linear one it would cost 50 000 000.
    assert decision["verdict"] == "rejected" or numbers_of(decision, "cash")[1] == "0.02"
