"""Limits are published by whom may, as they were checked, or not at all."""

import re
from html import unescape
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from pipeline.console.ordering import Outcome
from tests import given
from tests.console.test_acting import APPROVER, OPERATOR, VIEWER, WRITING
from tests.console.visit import HOST, Browser, browser, place_of, record
from tests.outputs.recorded import outputs
from topics.limits import LimitsDocument

EVIL = "<script>alert(1)</script>"
RULES = "drawdown: {drawdown_ratio_max: 0.04}\n"


class Visit:
    """A console with limits in force, and what it is told to publish."""

    def __init__(self, *documents: LimitsDocument) -> None:
        self.sent: list[LimitsDocument] = []
        first = given.limits({"drawdown": {"drawdown_ratio_max": "0.05"}})
        made = [*outputs(given.account())]
        made += [record(each, "limits", offset=n) for n, each in enumerate((first, *documents))]
        place = place_of(made, **WRITING)
        self.place = place._replace(publish=self._publish)
        self.browser: Browser = browser(self.place, "10.1.0.7")

    def _publish(self, document: LimitsDocument) -> Outcome:
        self.sent.append(document)
        return Outcome("done", f"version {document.version} is in force", 8)

    def open(self, who: dict[str, str], path: str = "/limits/edit?account=*") -> "Opened":
        return Opened(self, who, self.browser.get(path, headers=who))


class Opened:
    """A page with a form."""

    def __init__(self, visit: Visit, who: dict[str, str], page: httpx.Response) -> None:
        self.visit, self.who, self.page = visit, who, page
        self.fields: dict[str, str] = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
        self.fields = {name: unescape(value) for name, value in self.fields.items()}
        self.fields.pop("do", None)
        cookie = page.headers.get("set-cookie", "").partition(";")[0]
        self.headers = {"Origin": HOST, "Cookie": cookie, **who}

    def send(self, path: str = "/limits/edit", **fields: Any) -> "Opened":
        headers = self.headers | {k: fields.pop(k) for k in ("Origin", "Cookie") if k in fields}
        data = {**self.fields, **fields}
        answer = self.visit.browser.post(path, data=data, headers=headers)
        found = Opened(self.visit, self.who, answer)
        found.headers = headers
        return found


def test_difference_and_yesterday_are_shown_when_a_document_is_checked() -> None:
    page = Visit().open(APPROVER).send(do="check", text=RULES, hours="24").page.text

    assert "drawdown.drawdown_ratio_max: 0.05 (* v1) -&gt; 0.04" in page
    assert "all accounts: approved 24 -&gt; 0" in page
    assert 'value="publish"' in page


def test_next_version_is_published_when_it_was_checked_as_it_is() -> None:
    visit = Visit()

    checked = visit.open(APPROVER).send(do="check", text=RULES)
    done = checked.send(do="publish", text=RULES.replace("\n", "\r\n"), reason="tighter")

    (document,) = visit.sent
    assert "version 2 is in force" in done.page.text
    assert (document.version, document.expect_version, document.author) == (2, 1, "ada")
    assert (document.account_id, document.reason, document.approval) == ("*", "tighter", None)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"text": RULES.replace("4", "9")}, 403),
        ({"lasts": "4h"}, 403),
        ({"account": given.ACCOUNT}, 403),
        ({"checked": ""}, 403),
        ({"token": ""}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Cookie": ""}, 403),
        ({"reason": " "}, 400),
        ({"reason": "x" * 501}, 400),
        ({"text": "x" * 33_000}, 413),
    ],
)
def test_nothing_is_published_when_the_form_is_not_what_was_checked(
    changed: dict[str, str], status: int
) -> None:
    visit = Visit()
    checked = visit.open(APPROVER).send(do="check", text=RULES)

    done = checked.send(**{"do": "publish", "text": RULES, "reason": "x"} | changed)

    assert (done.page.status_code, visit.sent) == (status, [])


def test_nothing_is_published_when_other_limits_came_in_between() -> None:
    visit = Visit()
    checked = visit.open(APPROVER).send(do="check", text=RULES)
    second = given.limits({"cash": {"enabled": False}}, version=2)
    visit.place.model.take(record(second, "limits", offset=9))

    done = checked.send(do="publish", text=RULES, reason="x")

    assert (done.page.status_code, visit.sent) == (403, [])
    assert "changed since the check" in done.page.text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drawdown: {drawdown_ratio_max: 8%}", "line 1: "),
        ("drawdwon: {}", "drawdwon"),
        ("- a", "the document must hold rules"),
        ("a: [", "line 1"),
        (f"'{EVIL}': {{}}", "&lt;script&gt;"),
    ],
)
def test_fault_is_a_sentence_when_a_document_is_invalid(text: str, fault: str) -> None:
    page = Visit().open(APPROVER).send(do="check", text=text).page

    assert (page.status_code, fault in page.text) == (200, True)
    assert 'value="publish"' not in page.text
    assert EVIL not in page.text


def test_operator_proposes_and_another_approves_when_two_are_needed() -> None:
    visit = Visit()
    checked = visit.open(OPERATOR).send(do="check", text=RULES)
    assert checked.send(do="publish", text=RULES, reason="x").page.status_code == 403
    checked.send(do="propose", text=RULES, reason="tighter")
    (proposal,) = visit.sent
    assert (proposal.approval, proposal.version) == ("propose", 2)
    visit.place.model.take(record(proposal, "limits", offset=9))

    opened = visit.open(APPROVER, "/limits/approve?account=*")
    opened.send("/limits/approve", reason="agreed")

    assert "proposed by ada: tighter" in opened.page.text
    assert [(each.approval, each.version) for each in visit.sent[1:]] == [("approve", 2)]


def test_text_of_a_proposal_is_only_text_when_it_is_shown() -> None:
    proposal = given.limits({"cash": {"enabled": False}}, version=2)
    evil = replace(proposal, approval="propose", author=EVIL, reason=EVIL)

    page = Visit(evil).open(APPROVER, "/limits/approve?account=*").page

    assert (page.status_code, EVIL in page.text) == (200, False)
    assert "&lt;script&gt;alert(1)" in page.text


def test_lines_stay_apart_when_a_document_is_shown_again() -> None:
    text = "drawdown: {drawdown_ratio_max: 0.04}\ncash: {}\n"

    page = Visit().open(APPROVER).send(do="check", text=text).page

    assert f'class="code">\n{text}</textarea>' in page.text


@pytest.mark.parametrize("path", ["/limits/edit", "/limits/approve"])
def test_viewer_may_not_write_limits_when_he_opens_or_sends_a_form(path: str) -> None:
    visit = Visit()

    opened = visit.open(VIEWER, f"{path}?account=*")

    assert opened.page.status_code == 403
    for do in ("check", "propose", "publish"):
        assert opened.send(path, do=do, text=RULES, reason="x").page.status_code == 403
    assert visit.sent == []
    assert "/limits/edit" not in visit.browser.get("/limits", headers=VIEWER).text
