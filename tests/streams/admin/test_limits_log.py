"""What the log of limits comes to: as risk takes its documents, one after the other."""

from typing import Any

from msgspec.structs import replace

from pipeline.risk.limits.document import canonical
from pipeline.streams.admin.limits_log import Published, published_of
from topics.limits import LimitsDocument

GUARD = {"stopout_guard": {"stopouts_max": 2, "lookback_ms": 1000}}
HALF = {"stopout_guard": {"stopouts_max": 3}}


def document(version: int, rules: dict[str, Any], account: str = "*") -> LimitsDocument:
    return LimitsDocument(
        account_id=account, version=version, author="desk", reason="why", rules=rules
    )


def log_of(*documents: LimitsDocument) -> Published:
    """Publish documents one second apart."""
    return published_of((1000 * number, each) for number, each in enumerate(documents))


def test_newest_document_is_in_force_when_all_are_taken() -> None:
    found = log_of(document(1, {}), document(3, GUARD), document(1, {}, "a"))

    assert found.in_force == {"*": document(3, GUARD), "a": document(1, {}, "a")}
    assert found.highest == {"*": 3, "a": 1}


def test_refused_document_counts_for_its_version_alone() -> None:
    wrong: dict[str, Any] = {"drawdwon": {}}

    found = log_of(document(1, GUARD), document(2, wrong), document(2, HALF))

    assert found.in_force == {"*": document(1, GUARD)}
    assert found.highest == {"*": 2}


def test_first_of_two_is_in_force_when_both_have_a_version() -> None:
    found = log_of(document(1, GUARD), document(1, {}))

    assert found.in_force == {"*": document(1, GUARD)}


def test_document_of_an_account_is_judged_over_that_of_everyone_before_it() -> None:
    early = log_of(document(1, HALF, "a"), document(1, GUARD))
    late = log_of(document(1, GUARD), document(1, HALF, "a"))

    assert early.in_force.keys() == {"*"}
    assert late.in_force.keys() == {"*", "a"}


def test_temporary_document_lies_on_top_until_its_time_is_over() -> None:
    passing = replace(document(2, GUARD), duration_ms=5000)
    found = log_of(document(1, {}), passing)  # Published at 0 and 1000.
    on_top = found.rules_of("*")

    found.end(5999)
    still = found.rules_of("*")
    found.end(6000)

    assert on_top == still == canonical(GUARD)
    assert (found.rules_of("*"), found.of("*").version) == ("{}", 2)
    assert found.in_force == {"*": document(1, {})}


def test_proposal_waits_beside_the_document_in_force() -> None:
    proposal = replace(document(2, GUARD), author="ann", approval="propose")

    waiting = log_of(document(1, {}), proposal)
    approved = log_of(
        document(1, {}), proposal, replace(proposal, author="bob", approval="approve")
    )

    assert (waiting.rules_of("*"), waiting.highest) == ("{}", {"*": 2})
    assert waiting.passing["*", 2] is proposal
    assert (approved.rules_of("*"), approved.of("*").proposed) == (canonical(GUARD), None)


def test_rules_are_empty_when_an_account_has_no_document() -> None:
    assert log_of().rules_of("a") == "{}"
