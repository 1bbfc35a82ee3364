"""Entries need a confidence of at least the minimum."""

import pytest

from tests.spec.desk import assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import entry, held_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("confidence", "check"),
    [
        ("0.599", ("breach", "0.599", "0.6", "-0.001")),
        ("0.6", ("pass", "0.6", "0.6", "0")),
        ("0.601", ("pass", "0.601", "0.6", "0.001")),
        (None, ("breach", None, "0.6", None)),
    ],
)
def test_entry_is_rejected_when_its_confidence_is_below_the_limit_or_absent(
    confidence: str | None, check: tuple[str | None, ...]
) -> None:
    desk = open_desk(only(confidence={"confidence_min": "0.6"}))

    decision = entry(desk, confidence=confidence)

    assert numbers_of(decision, "confidence") == check
    assert decision["reasons"] == (["confidence"] if check[0] == "breach" else [])


@pytest.mark.parametrize(("confidence", "measured"), [(None, "1"), ("0", "0")])
def test_absent_confidence_counts_as_one_when_nothing_is_asked_of_it(
    confidence: str | None, measured: str
) -> None:
    desk = open_desk(only(confidence={}))

    decision = entry(desk, confidence=confidence)

    assert numbers_of(decision, "confidence") == ("pass", measured, "0", measured)


def test_exit_is_exempt_when_its_confidence_is_low() -> None:
    desk = held_desk(confidence={"confidence_min": "0.6"})

    decision = desk.signal("sell", 10, limit_price="100", confidence="0.1")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "confidence") == ("exempt", "0.1", "0.6", "-0.5")


def test_breach_is_explained_when_the_confidence_is_low() -> None:
    desk = open_desk(only(confidence={"confidence_min": "0.5"}))

    decision = entry(desk, confidence="0.25")

    message = "The confidence of 0.25 is below the minimum of 0.5."
    assert explained(decision, "confidence") == ("ratio", message)


def test_low_confidence_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(confidence={"confidence_min": "0.5", "enabled": False}))

    assert_not_judged(entry(desk, confidence="0.25"), "confidence")


@pytest.mark.parametrize("least", ["1.01", "-0.1"])
def test_minimum_is_refused_when_it_is_no_confidence(least: str) -> None:
    desk = open_desk(only())

    desk.limits({"confidence": {"confidence_min": least}})

    assert len(desk.alerts("limits")) == 1
    assert entry(desk)["limits_version"] == "1.0"
