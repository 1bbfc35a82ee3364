"""A real browser, Debian's Chromium, and what a test sees in it."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.serving import Served, served

PACKAGE = "chromium"
# It runs as any user, also as root in CI, and sees no page but ours.
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
WAIT_MS_MAX = 15_000
expect.set_options(timeout=WAIT_MS_MAX)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Chromium; skip, saying what to install, when there is none.

    It ends with its module: as long as it is there no other test can run an event loop.
    """
    path = shutil.which("chromium")
    if path is None:
        pytest.skip(f"Chromium is missing: install it with `apt-get install {PACKAGE}`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def context_of(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make contexts, as many people would have; every page must be free of errors of scripts."""
    made: list[BrowserContext] = []
    errors: list[str] = []

    def make(**options: object) -> BrowserContext:
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS_MAX)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("dialog", lambda dialog: errors.append(f"a dialog: {dialog.message}"))
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    assert errors == []


@pytest.fixture
def page(context_of: Callable[..., BrowserContext]) -> Page:
    """Open an empty page."""
    return context_of().new_page()


@pytest.fixture(scope="module")
def console() -> Iterator[Served]:
    """Serve a console of an account that lost too much, with a deposit before."""
    with served() as console:
        yield console
