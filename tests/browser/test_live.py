"""An open page shows what happens without being loaded again, and says when it may be old."""

import pytest
from playwright.sync_api import Page, expect

from tests import given
from tests.browser.serving import Served, served
from tests.console.visit import place_of, record
from tests.outputs.recorded import outputs

BEFORE = (given.account("a"), given.account("b"))


def test_row_changes_and_moves_when_an_account_is_halted(page: Page) -> None:
    with served(place_of(outputs(*BEFORE))) as console:
        page.goto(console.url)
        expect(page.locator("#rows tr th")).to_have_text(["a", "b"])

        console.take(outputs(*BEFORE, given.control("halt", account_id="b")))

        expect(page.locator("#rows tr th")).to_have_text(["b", "a"])
        expect(page.locator("#rows tr").first).to_contain_text("halted, exits go on")


def test_numbers_turn_grey_when_kafka_is_silent(page: Page) -> None:
    with served(place_of(outputs(*BEFORE))) as console:
        page.goto(console.url)
        expect(page.locator("#banner")).to_be_hidden()

        console.fresh.why = "Kafka does not answer the console."

        expect(page.locator("#banner")).to_contain_text("Kafka does not answer the console.")
        expect(page.locator("body")).to_have_class("stale")


def test_banner_comes_when_the_console_is_gone(page: Page) -> None:
    with served(place_of(outputs(*BEFORE))) as console:
        page.goto(console.url)
        expect(page.locator("#rows tr")).to_have_count(2)

    expect(page.locator("#banner")).to_contain_text("The console does not answer this page.")


def test_decision_is_explained_in_sentences_when_it_is_clicked(page: Page, console: Served) -> None:
    page.goto(f"{console.url}/account?account=acct-1")

    page.get_by_role("link", name="buy 2 BTC-USD at market").click()

    expect(page.locator("main")).to_contain_text("It answers signal")
    expect(page.locator("main")).to_contain_text("The account was active, with equity 100,000")


def test_curve_says_what_a_line_is_when_the_pointer_is_near(page: Page, console: Served) -> None:
    page.goto(f"{console.url}/account?account=acct-1")
    drawing = page.locator("#curve .u-over")
    expect(drawing).to_be_visible()

    said = ""
    width = int(drawing.evaluate("element => element.clientWidth"))
    for x in range(1, width, 10):
        drawing.hover(position={"x": x, "y": 40})
        said += page.locator("#mark").inner_text()

    assert "UTC: FLOW deposit of 5,000 USD" in said
    assert "UTC: STOPPED acct-1:" in said


@pytest.mark.parametrize("key", ["/"])
def test_search_has_the_focus_when_its_key_is_pressed(
    page: Page, console: Served, key: str
) -> None:
    page.goto(console.url)

    page.keyboard.press(key)

    expect(page.get_by_label("Account, symbol or currency")).to_be_focused()


def test_opened_details_stay_open_when_their_part_changes(page: Page) -> None:
    with served(place_of(outputs(*BEFORE))) as console:
        page.goto(f"{console.url}/account?account=a")
        page.locator("#limits summary").click()

        document = given.limits({"drawdown": {"drawdown_ratio_max": "0.07"}})
        console.take([record(document, "limits")])

        expect(page.locator("#limits")).to_contain_text("0.07")
        expect(page.locator("#limits details")).to_have_attribute("open", "")
