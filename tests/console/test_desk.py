"""The desk shows accounts nearest to a stop first, filtered, sorted and in pages."""

import time
from decimal import Decimal

import pytest

from pipeline.console.desk import DeskQuery, LossBar, desk
from pipeline.console.model import Model
from tests import given
from tests.console.visit import NOW_MS, model_of
from tests.outputs.recorded import outputs
from tests.outputs.test_stops import HISTORY

# b lost 1 % of a daily limit of 2 %; c holds nothing; a was halted by a person.
LOSSES = given.only("daily_loss", "gross_exposure", "trading_state", daily_loss_ratio_max="0.02")
ACCOUNTS = (
    given.limits(LOSSES | {"gross_exposure": {"gross_exposure_ratio_max": "0.8"}}),
    given.instrument(),
    given.price(100),
    given.account("a", balance=300_000),
    given.account("b"),
    given.account("c", balance=200_000),
    given.fill("buy", 1000, 100, account_id="b"),
    given.price(99),
    given.control("halt", account_id="a"),
    given.signal("buy", 1, account_id="a"),
)


@pytest.fixture(scope="module")
def model() -> Model:
    return model_of(outputs(*ACCOUNTS))


def names(model: Model, **asked: object) -> list[str]:
    query = DeskQuery(**asked)  # type: ignore[arg-type]
    return [row.account_id for row in desk(model, query, NOW_MS).rows]


def test_stopped_then_nearest_account_comes_first_when_nothing_is_asked(model: Model) -> None:
    assert names(model) == ["a", "b", "c"]


def test_row_says_losses_exposure_and_stops_when_an_account_has_them(model: Model) -> None:
    halted, losing, _ = desk(model, DeskQuery(), NOW_MS).rows

    assert losing.losses == (LossBar(rule="daily_loss", used_ratio=Decimal("0.5")),)
    assert (losing.equity, losing.day_pnl) == (Decimal(99_000), Decimal(-1000))
    assert (losing.exposure, losing.exposure_cap) == (Decimal(99_000), Decimal(79_200))
    assert [stop.opened_at_ms for stop in halted.stops] == [given.T0_MS + 8000]
    assert (halted.rejected_last_hour, losing.rejected_last_hour) == (1, 0)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"show": "stopped"}, ["a"]),
        ({"show": "near"}, []),
        ({"show": "unknown"}, []),
        ({"search": "B"}, ["b"]),
        ({"search": "btc-usd"}, ["a", "b"]),
        ({"search": "usd"}, ["a", "b", "c"]),
        ({"sort": "equity"}, ["b", "c", "a"]),
        ({"sort": "equity", "descending": True}, ["a", "c", "b"]),
        ({"sort": "day"}, ["b", "a", "c"]),
        ({"sort": "account", "descending": True}, ["c", "b", "a"]),
    ],
)
def test_rows_are_chosen_and_sorted_when_they_are_asked_for(
    model: Model, asked: dict[str, object], expected: list[str]
) -> None:
    assert names(model, **asked) == expected


def test_last_page_is_shown_when_the_page_asked_for_is_behind_it(model: Model) -> None:
    found = desk(model, DeskQuery(size=2, page=9), NOW_MS)

    assert [row.account_id for row in found.rows] == ["c"]
    assert (found.page, found.pages, found.matching) == (2, 2, 3)
    assert (found.accounts, found.stopped, found.near) == (3, 1, 0)


def test_unknown_values_come_last_when_rows_are_sorted_either_way() -> None:
    made = outputs(*HISTORY[:4], given.signal(account_id="z"))
    model = model_of(made)

    assert names(model, sort="equity")[-1] == "z"
    assert names(model, sort="equity", descending=True)[-1] == "z"


def test_order_is_kept_for_half_a_second_when_rows_change_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = outputs(*ACCOUNTS)
    busy, seconds = model_of(made), iter((0.0, 0.0, 0.4, 0.5, 0.5))
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    assert names(busy) == ["a", "b", "c"]

    halted = outputs(*ACCOUNTS, given.control("halt", account_id="c", control_id="2"))[len(made) :]
    for output in halted:
        busy.take(output)

    assert names(busy) == ["a", "b", "c"]  # Of 0.4 s; its rows are new all the same.
    assert names(busy) == ["a", "c", "b"]
