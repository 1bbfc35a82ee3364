"""Nobody is believed but the proxy, and nothing that people write becomes a page's own markup."""

from typing import Any, cast

import pytest
from msgspec.structs import replace

from pipeline.console.pages import PAGES, Page
from pipeline.console.place import Place
from tests import given
from tests.console.visit import AUDIT, browser, place_of, record, visited
from tests.outputs.recorded import outputs
from topics.alerts import TOPIC as ALERTS
from topics.checks import Check
from topics.dead_letters import TOPIC as LETTERS
from topics.dead_letters import DeadLetter
from topics.decisions import TOPIC as DECISIONS
from topics.emergency_stops import TOPIC as STOPS

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'`-->\u202e"
PROXY = "10.1.0.7"
BEHIND: dict[str, Any] = {"console_proxies": ("10.1.0.0/16",), "console_viewers": ("desk",)}
ADA = {"X-Forwarded-User": "ada", "X-Forwarded-Groups": "desk,other"}


def evil_place() -> Place:
    """A console that knows hostile text in every field that takes it."""
    example = cast(DeadLetter, LETTERS.example)
    source = replace(example.source, topic=EVIL, key=EVIL)
    raw = EVIL.encode() + b"\xff\x00"
    letter = replace(example, source=source, error=EVIL, path=EVIL, raw=raw)
    breach = Check("cash", "breach", message=EVIL)
    decision = replace(DECISIONS.example, reasons=(EVIL,), binding_rule=EVIL, checks=(breach,))
    halt = replace(given.control("halt", issued_at_ms=1), author=EVIL, reason=EVIL)
    limits = replace(given.limits(given.only("cash")), author=EVIL, reason=EVIL)
    made = [
        *outputs(given.account(), given.instrument(), given.fill("buy", 1, 100)),
        record(letter, "dead_letters"),
        record(decision, "decisions", offset=70),
        record(replace(ALERTS.example, message=EVIL, rule=EVIL), "alerts", offset=70),
        record(replace(STOPS.example, reason=EVIL, author=EVIL, rule=EVIL), "emergency_stops"),
        record(halt, "controls"),
        record(limits, "limits"),
    ]
    done = replace(AUDIT[0], author=EVIL, text=EVIL, changes=[EVIL])
    return place_of(made)._replace(audit=lambda _: [done])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_text_of_strangers_is_only_text_when_a_page_shows_it(page: Page) -> None:
    path = page.path
    query = {"account": "acct-1", "partition": "0", "offset": "70"}
    query = query if path in {"/account", "/decision"} else {}

    page_text = browser(evil_place()).get(path, params=query).text

    assert "<h1>" in page_text
    assert "<script>alert" not in page_text
    assert "<img" not in page_text
    assert "\u202e" not in page_text  # It would turn round what follows.
    if path not in {"/", "/health", "/budgets"}:
        assert "&lt;script&gt;alert" in page_text


@pytest.mark.parametrize("name", ["search", "show", "sort"])
def test_query_is_only_text_when_a_page_repeats_it(name: str) -> None:
    answer = visited(given.account()).get("/", params={name: EVIL})

    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


@pytest.mark.parametrize("path", ["/", "/api/accounts", "/static/console.css", "/nothing"])
def test_browser_is_told_to_run_nothing_of_others_when_anything_is_answered(path: str) -> None:
    headers = visited(given.account()).get(path).headers

    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_page_has_no_script_or_style_of_its_own_when_it_is_read(page: Page) -> None:
    path = page.path
    query = {"account": "acct-1", "partition": "0", "offset": "0"}
    query = query if path in {"/account", "/decision"} else {}

    text = visited(given.account(), given.signal("buy", 2)).get(path, params=query).text

    assert "<style" not in text
    assert " style=" not in text
    assert " onclick" not in text
    assert text.count("<script") == text.count('<script src="/static/')


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.1"])
def test_request_is_refused_when_its_host_is_another(host: str) -> None:
    console = visited(given.account())

    assert console.get("/", headers={"Host": host}).status_code == 400
    assert console.get("/", headers={"Host": "localhost:9480"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (PROXY, ADA, 200),
        ("10.2.0.7", ADA, 403),  # No proxy of ours.
        ("127.0.0.1", ADA, 403),
        (PROXY, {}, 403),
        (PROXY, {"X-Forwarded-User": " "}, 403),
        (PROXY, {"X-Forwarded-User": "ada"}, 403),  # In no group.
        (PROXY, ADA | {"X-Forwarded-Groups": "others"}, 403),
        (f"::ffff:{PROXY}", ADA, 200),
    ],
)
def test_only_named_users_are_answered_when_a_proxy_stands_before(
    address: str, headers: dict[str, str], status: int
) -> None:
    console = browser(place_of(outputs(given.account()), **BEHIND), address)

    assert console.get("/", headers=headers).status_code == status
    assert console.get("/live/", headers=headers | {"Host": "x"}).status_code in {400, 403}


def test_nobody_is_answered_when_two_headers_name_the_user() -> None:
    console = browser(place_of(outputs(given.account()), **BEHIND), PROXY)
    twice = [*ADA.items(), ("X-Forwarded-User", "root")]

    assert console.get("/", headers=twice).status_code == 403
