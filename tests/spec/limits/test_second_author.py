"""Two authors: a document or a resume of a loss stop acts only when a second one agrees."""

import pytest

from tests.spec.desk import SECOND, Desk, open_desk
from tests.spec.rulebook import Rules, only

TWO: Rules = {"approvals": {"second_author": True}}
SMALL: Rules = {"order_notional": {"order_notional_max": "150", "enabled": True}}


def strict_desk(**rules: object) -> Desk:
    """Return a desk on which every change needs two authors."""
    return open_desk(only(**rules) | TWO)  # type: ignore[arg-type]


def is_small(desk: Desk) -> bool:
    """Return whether the small limit is in force."""
    order = desk.signal("buy", 2, limit_price="100")
    return bool(order["verdict"] == "modified" or order["approved_quantity"] == "1")


def said(desk: Desk) -> list[str]:
    """Return the sentences of all alerts about limits and controls."""
    rules = ("limits", "control")
    return [row["message"] for row in desk.sent("alerts") if row["rule"] in rules]


@pytest.mark.parametrize("account", ["acct-1", "*"])
def test_document_is_refused_when_one_author_alone_publishes_it(account: str) -> None:
    desk = strict_desk()

    desk.limits(SMALL, account=account, version=2)

    assert not is_small(desk)
    assert said(desk) == [
        "version 2 is refused: approvals.second_author asks for a proposal and another author"
    ]


@pytest.mark.parametrize("account", ["acct-1", "*"])
def test_proposal_takes_effect_when_another_author_approves_it(account: str) -> None:
    desk = strict_desk()
    rules = only(**SMALL) | TWO
    desk.limits(rules, account=account, version=2, author="ann", approval="propose")
    before = is_small(desk)

    desk.limits(rules, account=account, version=2, author="bob", approval="approve")

    assert (before, is_small(desk)) == (False, True)
    assert said(desk) == ["version 2 waits for the approval of another author than ann"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"author": "ann"}, "ann proposed it, so another author must approve it"),
        ({"author": " ANN "}, "ann proposed it, so another author must approve it"),
        ({"version": 3}, "it was not proposed"),
        ({"rules": {}}, "it differs from what was proposed"),
        ({"duration_ms": 5000}, "it differs from what was proposed"),
    ],
)
def test_approval_is_refused_when_author_or_document_is_wrong(
    change: dict[str, object], why: str
) -> None:
    desk = strict_desk()
    desk.limits(SMALL, account="acct-1", version=2, author="ann", approval="propose")

    approval = {"rules": SMALL, "version": 2, "author": "bob", "approval": "approve"} | change
    desk.limits(account="acct-1", **approval)  # type: ignore[arg-type]

    assert not is_small(desk)
    assert said(desk)[-1] == f"version {approval['version']} is refused: {why}"


def test_approval_is_refused_when_the_proposal_was_replaced() -> None:
    desk = strict_desk()
    desk.limits(SMALL, account="acct-1", version=2, author="ann", approval="propose")
    desk.limits({}, account="acct-1", version=3, author="ann", approval="propose")

    desk.limits(SMALL, account="acct-1", version=2, author="bob", approval="approve")

    assert said(desk)[-1] == "version 2 is refused: it was not proposed"


def test_proposal_has_no_effect_when_no_second_author_is_asked_for() -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account="acct-1", version=2, author="ann", approval="propose")
    before = is_small(desk)

    desk.limits(SMALL, account="acct-1", version=2, author="bob", approval="approve")

    assert (before, is_small(desk)) == (False, True)


def test_proposal_is_dropped_when_a_later_document_takes_effect() -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account="acct-1", version=2, author="ann", approval="propose")
    desk.limits({}, account="acct-1", version=3)

    desk.limits(SMALL, account="acct-1", version=2, author="bob", approval="approve")

    assert not is_small(desk)
    assert said(desk)[-1] == "version 2 is refused: 3 is in force"


def test_second_author_is_still_asked_for_when_one_turns_that_off() -> None:
    desk = strict_desk()

    desk.limits(only(), version=2)

    assert said(desk)[-1].endswith("asks for a proposal and another author")


def test_temporary_limit_counts_from_its_approval() -> None:
    desk = strict_desk()
    proposal = {"account": "acct-1", "version": 2, "duration_ms": 10 * SECOND}
    desk.limits(SMALL, author="ann", approval="propose", **proposal)  # type: ignore[arg-type]
    desk.wait(9 * SECOND)

    desk.limits(SMALL, author="bob", approval="approve", **proposal)  # type: ignore[arg-type]
    desk.wait(9 * SECOND)
    held = is_small(desk)
    desk.wait(SECOND)

    assert (held, is_small(desk)) == (True, False)


def stopped_by_loss(desk: Desk) -> str:
    """Lose too much and return the id of the stop."""
    desk.lose(500)
    desk.wait(SECOND)
    stop_id: str = desk.sent("emergency_stops")[0]["stop_id"]
    return stop_id


def test_loss_stop_stays_when_one_author_resumes_it() -> None:
    desk = strict_desk(daily_loss={"daily_loss_ratio_max": "0.02"})
    stop_id = stopped_by_loss(desk)

    for _ in range(2):
        desk.control("resume", stop_id=stop_id, author="ann")

    waits = f"{stop_id} is not resumed: it waits for a resume by another author than ann"
    assert said(desk) == [waits, waits]
    assert desk.state()["stops"] == [stop_id]


def test_loss_stop_is_lifted_when_another_author_resumes_it_too() -> None:
    desk = strict_desk(daily_loss={"daily_loss_ratio_max": "0.02"})
    stop_id = stopped_by_loss(desk)
    desk.control("resume", stop_id=stop_id, author="ann")

    desk.control("resume", stop_id=stop_id, author="bob")

    assert desk.state()["stops"] == []
    assert desk.sent("emergency_stops")[-1]["author"] == "bob"
    assert desk.state()["baselines"] == {"daily_loss": "9500"}


def test_first_of_two_resumes_acts_only_once_when_it_is_sent_again() -> None:
    desk = strict_desk(daily_loss={"daily_loss_ratio_max": "0.02"})
    stop_id = stopped_by_loss(desk)
    desk.control("resume", stop_id=stop_id, author="ann", control_id="r1")

    desk.control("resume", stop_id=stop_id, author="bob", control_id="r1")

    assert said(desk)[-1] == "r1 is ignored: it was already applied"
    assert desk.state()["stops"] == [stop_id]


def test_one_author_resumes_when_a_person_halted_the_account() -> None:
    desk = strict_desk()
    desk.control("halt")
    desk.wait(SECOND)

    desk.control("resume", stop_id=desk.sent("emergency_stops")[0]["stop_id"])

    assert desk.state()["trading_state"] == "active"
