"""An account in a currency that no event carries rates in: it is told, and no entry passes."""

import pytest

from pipeline.streams.settings import Settings
from tests.spec.desk import Desk, Row, open_desk
from tests.spec.rulebook import Rules, only


def told(desk: Desk) -> list[Row]:
    """Return the alerts about openings and flows."""
    return desk.alerts("flow")


def desk_in(*currencies: str, kind: str = "opening", rules: Rules | None = None) -> Desk:
    """Return a desk whose second account opens in CHF, where events have rates in these."""
    settings = Settings.model_construct(account_currencies=currencies)
    desk = open_desk(only() if rules is None else rules, settings=settings)
    desk.flow(kind, 5000, account_id="acct-2", currency="CHF")
    return desk


@pytest.mark.parametrize("kind", ["opening", "snapshot"])
def test_opening_names_the_setting_when_its_currency_is_not_named_there(kind: str) -> None:
    desk = desk_in("USD", "EUR", kind=kind)

    (alert,) = told(desk)
    assert (alert["account_id"], alert["level"], alert["action"]) == ("acct-2", "high", "warn")
    assert alert["message"].endswith(
        "opens the account in CHF, but RISKGATE_ACCOUNT_CURRENCIES of ingest and broadcast names "
        "only USD, EUR, so no event carries rates in CHF; add it to the setting"
    )


def test_opening_says_nothing_when_its_currency_is_named() -> None:
    assert told(desk_in("USD", "CHF")) == []


def test_deposit_says_nothing_of_the_setting_when_the_account_is_open() -> None:
    desk = desk_in("USD", "CHF")
    desk.flow("deposit", 1, account_id="acct-2", currency="CHF")

    assert told(desk) == []


@pytest.mark.parametrize(
    ("currencies", "verdict"), [(("USD",), "rejected"), (("USD", "CHF"), "approved")]
)
def test_entry_is_rejected_when_the_currency_of_its_account_is_not_named(
    currencies: tuple[str, ...], verdict: str
) -> None:
    desk = desk_in(*currencies, rules={})
    desk.instrument("USDCHF", base_currency="USD", settlement_currency="CHF")
    desk.price("0.9", symbol="USDCHF")

    decision = desk.signal("buy", 1, limit_price="100", stop_price="99", account_id="acct-2")

    assert decision["verdict"] == verdict


def test_second_balance_is_not_told_again_when_the_account_is_open() -> None:
    desk = desk_in("USD")

    desk.flow("snapshot", 5000, account_id="acct-2", currency="CHF")

    assert len(told(desk)) == 1
