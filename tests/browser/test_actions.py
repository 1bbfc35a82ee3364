"""A person acts in the browser: the roles obey, their own answer is shown, and others may not."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pipeline.local.kafka import LocalKafka
from tests import given
from tests.kafka.world import QUOTE, World, until

STARTED = "the console is at "
SETTINGS: dict[str, int | str] = {
    "console_port": 0,
    "console_write": "true",
    "console_proxies": "127.0.0.1",
    "console_viewers": "all",
    "console_operators": "desk",
    "console_approvers": "heads",
}
Visitor = Callable[..., Page]  # Name, group and account.


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """Run the three roles and a console on a real broker, with an account that trades."""
    with (
        LocalKafka() as kafka,
        World(kafka.bootstrap, Path(tmp_path_factory.mktemp("live"))) as world,
    ):
        world.run().ready()
        world.send(given.instrument(), given.account(), given.account("acct-2"))
        world.read("account_states", lambda rows: {"acct-1", "acct-2"} <= _names(rows))
        console = world.start("console", instance="console", **SETTINGS)
        said = until(lambda: console.log().partition(STARTED)[2], console.log)
        yield world, said.partition(QUOTE)[0]


@pytest.fixture
def visitor(live: tuple[World, str], context_of: Callable[..., BrowserContext]) -> Visitor:
    """Return what opens the page of an account for a person of a group, as the proxy names them."""

    def visit(name: str, group: str, account: str = "acct-1") -> Page:
        named = {"X-Forwarded-User": name, "X-Forwarded-Groups": group}
        page = context_of(extra_http_headers=named).new_page()
        page.goto(f"{live[1]}/account?account={account}")
        expect(page.locator("#banner")).to_be_hidden()
        return page

    return visit


def test_operator_halts_then_resumes_when_the_gate_answers(
    live: tuple[World, str], visitor: Visitor
) -> None:
    page = visitor("ada", "desk")
    order(page, "Halt", reason="prices look wrong")
    expect(page.get_by_role("status")).to_contain_text("acct-1 is halted: stop acct-1:")
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"\(\d+ ms\)"))

    page.get_by_role("link", name="To the account").click()
    expect(page.locator("#stops")).to_contain_text("control of ada")
    order(page, "Resume", reason="prices are right")

    expect(page.get_by_role("status")).to_contain_text("is lifted; it trades again")
    rows = live[0].read("emergency_stops", lambda rows: len(rows) >= 2 and _is_lifted(rows))
    assert [(row["status"], row["author"], row["reason"]) for row in rows if row["author"]] == [
        ("triggered", "ada", "prices look wrong"),
        ("resumed", "ada", "prices are right"),
    ]


def test_approver_flattens_when_the_name_is_typed(visitor: Visitor) -> None:
    page = visitor("mia", "heads", "acct-2")
    page.get_by_role("link", name="Flatten…").click()
    page.get_by_label("Reason").fill("a test")
    page.get_by_label("Type acct-2 to confirm").fill("acct-1")
    page.get_by_role("button", name="Flatten").click()
    expect(page.locator("main")).to_contain_text("Type acct-2 to confirm it; nothing was sent.")
    page.go_back()

    page.get_by_label("Type acct-2 to confirm").fill("acct-2")
    page.get_by_role("button", name="Flatten").click()

    expect(page.get_by_role("status")).to_contain_text("acct-2 is halted: stop acct-2:")


def test_refusal_is_shown_when_the_gate_says_no(visitor: Visitor) -> None:
    page = visitor("ada", "desk")
    page.goto(page.url.replace("/account?", "/act?command=resume&stop_id=acct-1:1:9&"))
    page.get_by_label("Reason").fill("a test")

    page.get_by_role("button", name="Resume").click()

    expect(page.get_by_role("alert")).to_contain_text("Refused:")


def test_viewer_may_look_but_not_act_when_the_form_is_made_by_hand(visitor: Visitor) -> None:
    page = visitor("eve", "all")
    assert page.locator("a.act").count() == 0

    status = page.evaluate(
        """async () => {
            const form = {command: "halt", account: "acct-1", reason: "x", token: "1.x"};
            return (await fetch("/act", {method: "POST", body: new URLSearchParams(form)})).status;
        }"""
    )

    assert status == 403


def test_nobody_sees_the_console_when_no_proxy_names_them(
    live: tuple[World, str], context_of: Callable[..., BrowserContext]
) -> None:
    page = context_of().new_page()

    page.goto(live[1])

    expect(page.locator("body")).to_have_text("The proxy does not say who you are.")


def order(page: Page, command: str, reason: str) -> None:
    """Click an order, read what it does, give the reason and send it."""
    page.get_by_role("link", name=f"{command}…").first.click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=command).click()


def _names(rows: list[dict[str, object]]) -> set[object]:
    return {row["account_id"] for row in rows}


def _is_lifted(rows: list[dict[str, object]]) -> bool:
    return rows[-1]["status"] == "resumed"
