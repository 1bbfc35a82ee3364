"""An order of several accounts is one form; each of them is told apart, before and after."""

import re
from collections.abc import Sequence

from pipeline.console.ordering import Outcome
from tests import given
from tests.console.test_acting import APPROVER, OPERATOR, WRITING
from tests.console.visit import HOST, Browser, browser, place_of
from tests.outputs.recorded import outputs
from topics.controls import Control

PEOPLE = (given.account("a"), given.account("b"), given.control("halt", account_id="b"))
STOP = "b:2:1"


class Visit:
    """A console of two accounts, of which one is stopped, and what it is told to send."""

    def __init__(self) -> None:
        self.sent: list[Control] = []
        place = place_of(outputs(*PEOPLE), **WRITING)
        self.browser: Browser = browser(place._replace(send=self._send), "10.1.0.7")

    def _send(self, controls: Sequence[Control]) -> list[Outcome]:
        self.sent += controls
        return [Outcome("done", f"{each.account_id} did it", 8) for each in controls]

    def give(self, query: str, who: dict[str, str], **more: str) -> tuple[str, int, str]:
        """Open a form and send it as it is; return the form, and status and text of the answer."""
        form = self.browser.get(f"/act?{query}", headers=who)
        fields = re.findall(r'name="(\w+)" value="([^"]*)"', form.text)
        cookie = form.headers.get("set-cookie", "").partition(";")[0]
        body = "&".join(f"{name}={value}" for name, value in [*fields, *more.items()])
        kind = "application/x-www-form-urlencoded"
        headers = {"Origin": HOST, "Cookie": cookie, "Content-Type": kind, **who}
        answer = self.browser.post("/act", content=body, headers=headers)
        return form.text, answer.status_code, answer.text


def test_each_account_is_halted_and_confirmed_when_several_are_chosen() -> None:
    visit = Visit()

    form, status, answer = visit.give("command=halt&account=a&account=b", OPERATOR, reason="x")

    assert ("This halts a and" in form, "This halts b and" in form) == (True, True)
    assert [control.account_id for control in visit.sent] == ["a", "b"]
    assert (status, "a did it" in answer, "b did it" in answer) == (200, True, True)


def test_number_is_typed_when_several_are_flattened() -> None:
    visit, query = Visit(), "command=flatten&account=a&account=b"

    assert "You may look, but not order this." in visit.give(query, OPERATOR)[0]
    assert visit.give(query, APPROVER, reason="x", typed="a")[1] == 400
    assert visit.sent == []
    assert visit.give(query, APPROVER, reason="x", typed="2 accounts")[1] == 200


def test_every_open_stop_is_lifted_when_no_stop_is_named() -> None:
    visit = Visit()

    form, status, _ = visit.give("command=resume&account=a&account=b", OPERATOR, reason="x")

    assert f"This lifts stop {STOP} of b" in form
    assert status == 200
    assert [(each.account_id, each.stop_id) for each in visit.sent] == [("b", STOP)]


def test_nothing_is_sent_when_there_is_no_stop_to_lift() -> None:
    visit = Visit()

    form, _, _ = visit.give("command=resume&account=a", OPERATOR, reason="x")

    assert "There is no open stop to lift." in form
    assert visit.sent == []


def test_halt_ends_by_itself_when_a_duration_is_given() -> None:
    visit = Visit()

    visit.give("command=halt&account=a", OPERATOR, reason="x", lasts="2h")

    assert [control.duration_ms for control in visit.sent] == [7_200_000]


def test_form_is_refused_when_an_account_is_added_to_it() -> None:
    visit = Visit()

    _, status, _ = visit.give("command=halt&account=a", OPERATOR, reason="x", account="b")

    assert (status, visit.sent) == (403, [])


def test_order_is_refused_when_it_names_too_many_accounts() -> None:
    many = [given.account(f"a{number}") for number in range(101)]
    console = browser(place_of(outputs(*many), **WRITING), "10.1.0.7")
    query = "&".join(f"account=a{number}" for number in range(101))

    answer = console.get(f"/act?command=halt&{query}", headers=OPERATOR)

    assert (answer.status_code, "give at most 100 at once" in answer.text) == (400, True)


def test_desk_lets_choose_accounts_when_the_person_may_act() -> None:
    console = Visit().browser

    seen = {
        group: (text.count('type="checkbox"'), re.findall('name="command" value="([a-z]+)"', text))
        for group, who in (
            ("operator", OPERATOR),
            ("viewer", OPERATOR | {"X-Forwarded-Groups": "x"}),
        )
        for text in [console.get("/", headers=who).text]
    }

    assert seen == {"operator": (2, ["halt", "reduce", "resume"]), "viewer": (0, [])}


def test_open_stop_is_acknowledged_when_an_operator_looks_at_it() -> None:
    visit = Visit()

    form, status, _ = visit.give("command=acknowledge&account=b", OPERATOR, reason="I look")

    assert f"This says that you look at stop {STOP} of b, and changes nothing." in form
    assert status == 200
    (control,) = visit.sent
    assert (control.command, control.stop_id, control.reason) == ("acknowledge", STOP, "I look")


def test_nothing_is_acknowledged_when_it_is_for_everybody() -> None:
    visit = Visit()

    form, _, _ = visit.give("command=acknowledge&account=*", APPROVER, reason="x")

    assert "a stop is acknowledged in each of them" in form
    assert visit.sent == []
