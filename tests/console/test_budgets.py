"""The console shows what each group uses of its budget, or says why it cannot."""

from decimal import Decimal
from pathlib import Path

from tests import given
from tests.console.visit import Browser, browser, place_of, record
from tests.outputs.recorded import outputs

FILE = """\
currency: {currency}
groups: {{trend: {{gross_exposure_max: 1000, accounts: [a, b]}}}}
"""
ALLOWED = {"gross_exposure": {"enabled": True, "gross_exposure_max": "500"}}
MADE = (
    given.limits(given.only("gross_exposure")),
    given.instrument(),
    given.price(100),
    *(given.limits(ALLOWED, account_id=name) for name in "ab"),
    *(given.account(name) for name in "ab"),
    given.fill("buy", 4, 100, account_id="a"),
)


def visited(path: Path, currency: str = "USD") -> Browser:
    file = path / "budgets.yaml"
    file.write_text(FILE.format(currency=currency))
    made = outputs(*MADE)
    made += [
        record(given.limits(ALLOWED, account_id=name), "limits", offset=number)
        for number, name in enumerate("ab")
    ]
    return browser(place_of(made, console_budgets=file))


def test_bars_show_what_a_group_uses_when_its_file_is_named(tmp_path: Path) -> None:
    console = visited(tmp_path)

    (budget,) = console.get("/api/budgets").json()["budgets"]

    assert budget["total"] == {
        "group": "trend", "dimension": "gross_exposure_max", "currency": "USD", "budget": "1000",
        "used": "400", "unknown": 0, "left": "0", "in_force": True,
    }  # fmt: skip
    seats = [(each["account_id"], Decimal(each["used"])) for each in budget["seats"]]
    assert seats == [("a", Decimal(400)), ("b", Decimal(0))]
    assert "40.0 %" in console.get("/budgets").text


def test_desk_shows_totals_of_groups_when_there_are_budgets(tmp_path: Path) -> None:
    console = visited(tmp_path)

    (total,) = console.get("/api/accounts").json()["groups"]

    assert (total["group"], total["used"]) == ("trend", "400")
    assert 'href="/budgets">trend</a>' in console.get("/").text


def test_sentence_says_why_when_there_are_no_budgets(tmp_path: Path) -> None:
    found = browser(place_of([])).get("/api/budgets").json()
    other = visited(tmp_path, "EUR").get("/api/budgets").json()
    missing = browser(place_of([], console_budgets=tmp_path / "none.yaml")).get("/budgets").text

    assert "RISKGATE_CONSOLE_BUDGETS names it" in found["problem"]
    assert other["problem"].startswith("a is in USD, but the budgets are in EUR;")
    assert "none.yaml" in missing
