"""Rules are found by file, in the order of the gate; on any doubt nothing starts."""

import pytest

from pipeline.risk import rules
from pipeline.risk.rules.cash import Cash
from pipeline.risk.rules.circuit_breaker.rule import CircuitBreaker
from pipeline.risk.rules.drawdown import Drawdown
from topics.decisions import Check


def test_rules_are_found_in_their_order_when_the_files_are_read() -> None:
    found = rules._discover()

    places = [rule.PLACE for rule in found.values()]
    assert list(found.items()) == list(rules.RULES.items())
    assert places == sorted(places)
    assert "rule" not in found


def test_rule_has_the_name_of_its_file_when_it_is_found() -> None:
    found = rules._rule_of("cash")

    assert (found, found.NAME) == (Cash, "cash")
    assert (Check("cash", "pass"), Check("cash", "breach")) == (found.PASSED, found.BREACHED)


def test_rule_has_the_name_of_its_folder_when_it_remembers_something() -> None:
    found = rules._rule_of("circuit_breaker")

    assert (found, found.NAME) == (CircuitBreaker, "circuit_breaker")


def test_start_is_refused_when_two_rules_share_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Drawdown, "PLACE", Cash.PLACE)

    with pytest.raises(ImportError, match=rf"share a place in the gate: \[.*{Cash.PLACE}"):
        rules._discover()


@pytest.mark.parametrize("place", [0, -1])
def test_start_is_refused_when_a_rule_has_no_place(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Drawdown, "PLACE", place)

    with pytest.raises(ImportError, match=r"^rules/drawdown\.py must define exactly one Rule"):
        rules._discover()


def test_rule_is_found_when_its_place_is_the_first_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Drawdown, "PLACE", 1)

    assert rules._rule_of("drawdown") is Drawdown


def test_start_is_refused_when_a_file_has_several_rules() -> None:
    with pytest.raises(ImportError, match=r"^rules/rule\.py must define exactly one Rule"):
        rules._rule_of("rule")
