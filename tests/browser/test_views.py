"""Every view works in a browser: no script fails, nobody is shut out, no text of strangers runs."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pipeline.console import pages
from tests.browser.serving import Served, served
from tests.console.test_guard import evil_place

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
QUERIES = {"/account": "account=acct-1", "/decision": "partition=0&offset=0"}
PATHS = [f"{page.path}?{QUERIES.get(page.path, '')}" for page in pages.PAGES]
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}},
}


def violations(page: Page) -> list[str]:
    """Return what axe says of a page, WCAG AA and good practice."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then(found => found.violations)")
    return [f"{each['id']}: {json.dumps(each['nodes'][0]['html'])}" for each in found]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("look", LOOKS)
def test_view_is_accessible_and_fits_when_it_is_opened(
    console: Served, context_of: Callable[..., BrowserContext], look: str, path: str
) -> None:
    page = context_of(**LOOKS[look]).new_page()

    page.goto(console.url + path)

    expect(page.locator("h1")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", [path.replace("offset=0", "offset=70") for path in PATHS])
def test_text_of_strangers_runs_nothing_when_a_browser_shows_it(
    context_of: Callable[..., BrowserContext], path: str
) -> None:
    with served(evil_place()) as console:
        page = context_of().new_page()
        page.goto(console.url + path)
        page.wait_for_timeout(700)  # The stream sends the same text again.

        assert page.locator("main img, main script").count() == 0


def test_script_of_a_page_is_not_run_when_somebody_could_put_it_there(
    page: Page, console: Served
) -> None:
    page.goto(console.url)

    ran = page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            return Boolean(window.ran);
        }"""
    )

    assert ran is False
