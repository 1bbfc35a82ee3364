"""The forms of people who may act are accessible, fit, and show no text of strangers as markup."""

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from playwright.sync_api import BrowserContext, Page, expect

from tests import given
from tests.browser.serving import Served, served
from tests.browser.test_views import LOOKS, violations
from tests.console.test_acting import APPROVER, WRITING
from tests.console.visit import place_of, record
from tests.outputs.recorded import outputs

PATHS = (
    "/",
    "/limits",
    "/act?command=halt&account=a",
    "/act?command=flatten&account=a&account=b",
    "/limits/edit?account=*",
    "/limits/approve?account=*",
)
PROPOSED = given.limits({"drawdown": {"drawdown_ratio_max": "0.04"}})


@pytest.fixture(scope="module")
def acting() -> Iterator[Served]:
    """Serve a console in which an approver may act, with a proposal that waits."""
    made = outputs(given.account("a"), given.account("b"))
    proposal = record(replace(PROPOSED, approval="propose"), "limits")
    settings = WRITING | {"console_proxies": ("127.0.0.1",)}
    with served(place_of([*made, proposal], **settings)) as console:
        yield console


@pytest.fixture
def approver(context_of: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Return what opens a page for an approver."""
    return lambda **look: context_of(extra_http_headers=APPROVER, **look).new_page()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("look", LOOKS)
def test_form_is_accessible_and_fits_when_it_is_opened(
    acting: Served, approver: Callable[..., Page], look: str, path: str
) -> None:
    page = approver(**LOOKS[look])

    page.goto(acting.url + path)

    expect(page.locator("h1")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_chosen_accounts_stay_chosen_when_their_rows_change(
    acting: Served, approver: Callable[..., Page]
) -> None:
    page = approver()
    page.goto(acting.url)
    page.get_by_label("Choose a").check()
    page.get_by_label("Choose b").check()
    acting.take(
        outputs(given.account("a"), given.account("b"), given.control("halt", account_id="b"))
    )
    expect(page.locator("#rows tr").first).to_contain_text("halted, exits go on")

    page.get_by_role("button", name="Halt…").click()

    expect(page.locator("main")).to_contain_text("This halts a and")
    expect(page.locator("main")).to_contain_text("This halts b and")


def test_difference_is_shown_when_limits_are_checked(
    acting: Served, approver: Callable[..., Page]
) -> None:
    page = approver()
    page.goto(f"{acting.url}/limits/edit?account=*")
    page.get_by_label("Document: each rule").fill("drawdown: {drawdown_ratio_max: 0.03}")

    page.get_by_role("button", name="Check").click()

    expect(page.locator("main")).to_contain_text("drawdown.drawdown_ratio_max:")
    assert violations(page) == []
    page.get_by_label("Reason").fill("tighter")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert")).to_contain_text("Not confirmed:")
