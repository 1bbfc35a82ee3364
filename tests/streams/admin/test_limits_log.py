"""What the log of limits comes to: as risk takes its documents, one after the other."""

from typing import Any

from pipeline.streams.admin.limits_log import published_of
from topics.limits import LimitsDocument

GUARD = {"stopout_guard": {"stopouts_max": 2, "lookback_ms": 1000}}
HALF = {"stopout_guard": {"stopouts_max": 3}}


def document(version: int, rules: dict[str, Any], account: str = "*") -> LimitsDocument:
    return LimitsDocument(
        account_id=account, version=version, author="desk", reason="why", rules=rules
    )


def test_newest_document_is_in_force_when_all_are_taken() -> None:
    found = published_of([document(1, {}), document(3, GUARD), document(1, {}, "a")])

    assert found.in_force == {"*": document(3, GUARD), "a": document(1, {}, "a")}
    assert found.highest == {"*": 3, "a": 1}


def test_refused_document_counts_for_its_version_alone() -> None:
    wrong: dict[str, Any] = {"drawdwon": {}}

    found = published_of([document(1, GUARD), document(2, wrong), document(2, HALF)])

    assert found.in_force == {"*": document(1, GUARD)}
    assert found.highest == {"*": 2}


def test_first_of_two_is_in_force_when_both_have_a_version() -> None:
    found = published_of([document(1, GUARD), document(1, {})])

    assert found.in_force == {"*": document(1, GUARD)}


def test_document_of_an_account_is_judged_over_that_of_everyone_before_it() -> None:
    early = published_of([document(1, HALF, "a"), document(1, GUARD)])
    late = published_of([document(1, GUARD), document(1, HALF, "a")])

    assert early.in_force.keys() == {"*"}
    assert late.in_force.keys() == {"*", "a"}


def test_rules_are_empty_when_an_account_has_no_document() -> None:
    assert published_of([]).rules_of("a") == "{}"
