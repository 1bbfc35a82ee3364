"""State is read by position: a swapped or inserted field would read old state wrongly, silently."""

import pytest

from tests.risk import state_layout
from tests.risk.state_layout import Layout, current_layout, refusal, saved_layout

BEFORE = Layout(
    state_version=3,
    records={"Stop, by position": ["opened_ms: int", "limit_ms: int"]},
    samples={"q|acct-1": "rules"},
)


def test_stored_layout_is_the_committed_one_for_this_state_version() -> None:
    saved, current = saved_layout(), current_layout()

    problem = refusal(saved, current)

    assert problem is None, problem
    assert current == saved, f"Run `{state_layout.COMMAND}` and commit state_layout.json."


@pytest.mark.parametrize(
    "fields",
    [
        ["limit_ms: int", "opened_ms: int"],
        ["opened_ms: int", "resumed_ms: int", "limit_ms: int"],
        ["opened_ms: int", "limit_ms: int", "last_ms: int, or left out"],
        ["opened_ms: int"],
    ],
    ids=["swapped", "inserted", "appended", "removed"],
)
def test_layout_is_refused_when_only_the_fields_changed(fields: list[str]) -> None:
    after = BEFORE._replace(records={"Stop, by position": fields})

    problem = refusal(BEFORE, after)

    assert problem is not None
    assert "Raise STATE_VERSION in pipeline/risk/state.py from 3 to 4." in problem
    assert "Changed: Stop, by position" in problem


def test_layout_is_refused_when_only_a_stored_value_changed() -> None:
    after = BEFORE._replace(samples={"q|acct-1": "7 rules"})

    assert "Changed: q|acct-1" in str(refusal(BEFORE, after))


def test_layout_is_refused_when_the_state_version_went_back() -> None:
    after = BEFORE._replace(state_version=2, records={})

    assert refusal(BEFORE, after) is not None


def test_layout_is_accepted_when_the_state_version_was_raised() -> None:
    after = BEFORE._replace(state_version=4, records={})

    assert refusal(BEFORE, after) is None


def test_regeneration_writes_nothing_when_the_version_was_not_raised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = state_layout.LAYOUT.read_bytes()
    changed = current_layout()._replace(records={})
    monkeypatch.setattr(state_layout, "current_layout", lambda: changed)

    code = state_layout.main()

    assert code == 1
    assert "Raise STATE_VERSION" in capsys.readouterr().err
    assert state_layout.LAYOUT.read_bytes() == written


def test_fields_of_one_type_are_told_apart_when_a_record_is_listed() -> None:
    records = current_layout().records

    assert records["Applied, by position"][:2] == [
        "sequence: int, or left out",
        "chain: str, or left out",
    ]
    assert records["Quote, by name"][1] == "bid: decimal | none = None"
    assert {name.partition(",")[0] for name in records} >= {
        "Account",
        "Shared",
        "KeptFill",
        "Holding",
    }
