"""A person acts only with the right, a form of ours and a reason; the gate's answer is shown."""

import re
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from pipeline.console.acting import FORM_MS_MAX, Form, Forms, Order, is_allowed, is_own_origin
from pipeline.console.ordering import Outcome
from pipeline.streams.settings import Settings
from pipeline.web.guard import User
from tests import given
from tests.console.visit import HOST, Browser, browser, place_of
from tests.outputs.recorded import outputs
from topics.controls import Control

WRITING: dict[str, Any] = {
    "console_write": True,
    "console_proxies": ("10.1.0.7",),
    "console_operators": ("desk",),
    "console_approvers": ("heads",),
}
OPERATOR, APPROVER, VIEWER = (
    {"X-Forwarded-User": "ada", "X-Forwarded-Groups": group}
    for group in ("desk", "heads", "others")
)
HALT = {"command": "halt", "account": "acct-1"}
FLATTEN = {"command": "flatten", "account": "acct-1"}


class Console:
    """A console that keeps what it is told to send."""

    def __init__(self, **settings: Any) -> None:
        self.sent: list[Control] = []
        place = place_of(outputs(given.account()), **(WRITING | settings))
        self.browser: Browser = browser(place._replace(send=self._send), "10.1.0.7")

    def _send(self, controls: Sequence[Control]) -> list[Outcome]:
        self.sent += controls
        return [Outcome("done", "acct-1 is halted: stop acct-1:2:1", 8) for _ in controls]

    def open(
        self, order: dict[str, str], who: dict[str, str]
    ) -> tuple[httpx.Response, dict[str, str], str]:
        """Open the form; return it, its fields and its cookie."""
        answer = self.browser.get("/act", params=order, headers=who)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
        return answer, fields, answer.headers.get("set-cookie", "").partition(";")[0]

    def give(self, order: dict[str, str], who: dict[str, str], **changed: str) -> httpx.Response:
        """Open the form and send it, with some fields or headers changed."""
        _, fields, cookie = self.open(order, who)
        headers = {"Origin": HOST, "Cookie": cookie, **who}
        headers |= {name: changed.pop(name) for name in ("Origin", "Cookie") if name in changed}
        data = {"reason": "a test", **order, **fields, **changed}
        return self.browser.post("/act", data=data, headers={k: v for k, v in headers.items() if v})


def test_gate_answers_and_the_author_is_the_person_when_an_operator_halts() -> None:
    console = Console()

    form, _, _ = console.open(HALT, OPERATOR)
    answer = console.give(HALT, OPERATOR, author="somebody else")

    (control,) = console.sent
    assert "This halts acct-1 and cancels 0 orders." in form.text
    assert (control.command, control.author, control.reason) == ("halt", "ada", "a test")
    assert (answer.status_code, "acct-1 is halted: stop acct-1:2:1" in answer.text) == (200, True)


@pytest.mark.parametrize("order", [HALT, FLATTEN, HALT | {"account": "*"}])
def test_viewer_may_not_act_when_he_opens_or_sends_a_form(order: dict[str, str]) -> None:
    console = Console()

    assert console.browser.get("/act", params=order, headers=VIEWER).status_code == 403
    assert console.give(order, VIEWER, token="1.x").status_code == 403
    assert console.sent == []


@pytest.mark.parametrize("order", [FLATTEN, HALT | {"account": "*"}])
def test_only_an_approver_may_when_positions_or_everybody_are_at_stake(
    order: dict[str, str],
) -> None:
    console = Console()

    assert console.give(order, OPERATOR, typed=order["account"]).status_code == 403
    assert console.give(order, APPROVER, typed="acct").status_code == 400
    assert console.sent == []
    assert console.give(order, APPROVER, typed=order["account"]).status_code == 200
    assert [control.account_id for control in console.sent] == [order["account"]]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Origin": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Cookie": ""}, 403),
        ({"Cookie": "riskgate_console=stolen"}, 403),
        ({"token": ""}, 403),
        ({"token": "1767225660000.0"}, 403),
        ({"token": "x.é"}, 403),
        ({"account": "*"}, 403),  # The form was of one account.
        ({"command": "reduce"}, 403),
        ({"account": "nobody"}, 404),
        ({"stop_id": "acct-1:2:1"}, 400),
        ({"reason": " "}, 400),
        ({"reason": "x" * 501}, 400),
        ({"lasts": "soon"}, 400),
        ({"lasts": "9999999d"}, 400),
        ({"reason": "x" * 70_000}, 413),
    ],
)
def test_nothing_is_sent_when_a_form_is_stolen_or_incomplete(
    changed: dict[str, str], status: int
) -> None:
    console = Console()

    answer = console.give(HALT, OPERATOR, **changed)

    assert (answer.status_code, console.sent) == (status, [])


def test_form_of_another_person_is_refused_when_it_is_sent() -> None:
    console = Console()
    _, fields, cookie = console.open(HALT, OPERATOR)
    other = OPERATOR | {"X-Forwarded-User": "eve", "Origin": HOST, "Cookie": cookie}

    answer = console.browser.post("/act", data={"reason": "x", **fields}, headers=other)

    assert (answer.status_code, console.sent) == (403, [])


def test_json_is_refused_when_it_is_sent_as_an_order() -> None:
    console = Console()

    answer = console.browser.post("/act", json=HALT, headers=OPERATOR | {"Origin": HOST})

    assert (answer.status_code, console.sent) == (415, [])


def test_nobody_may_act_when_writing_is_off() -> None:
    console = Console(console_write=False)

    assert console.give(HALT, APPROVER, token="1.x").status_code == 403
    assert "/act?" not in console.browser.get("/account?account=acct-1", headers=APPROVER).text


def test_page_offers_what_a_person_may_order_when_it_is_opened() -> None:
    console = Console()

    seen = {
        group: re.findall(
            r'"/act\?command=(\w+)',
            console.browser.get("/account?account=acct-1", headers=who).text,
        )
        for group, who in (("operator", OPERATOR), ("approver", APPROVER), ("viewer", VIEWER))
    }

    assert seen == {
        "operator": ["halt", "reduce"],
        "approver": ["halt", "reduce", "flatten"],
        "viewer": [],
    }


def test_cookie_is_strict_and_hidden_when_it_is_set() -> None:
    cookie = Console().browser.get("/act", params=HALT, headers=OPERATOR).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_token_is_too_old_when_ten_minutes_have_passed() -> None:
    forms, form = Forms(), Form("s", User("ada"), Order.of("halt", "a").signed)
    token = forms.token(form, now_ms=1000)

    assert forms.holds(token, form, now_ms=1000 + FORM_MS_MAX)
    assert not forms.holds(token, form, now_ms=1001 + FORM_MS_MAX)
    assert not forms.holds(token, form, now_ms=999)
    assert not Forms().holds(token, form, now_ms=1000)


def test_nameless_user_may_not_act_when_the_settings_let_him() -> None:
    settings = Settings.model_validate(WRITING)

    assert not is_allowed(settings, User("", frozenset({"heads"})), Order.of("halt", "a"))


def test_origin_is_ours_when_it_is_the_host_asked() -> None:
    assert is_own_origin("https://risk.example", "risk.example")
    assert not is_own_origin("https://risk.example:1", "risk.example")
    assert not is_own_origin("file://risk.example", "risk.example")
