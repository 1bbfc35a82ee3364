"""A record that is written as a native class is made, compared and shown as the Struct is."""

from decimal import Decimal
from typing import Any

import pytest

from tests.compiled.rewriting import RECORDS, rewritten_text, run


@pytest.fixture(params=["as it is", "rewritten"])
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the records of both builds, one after the other."""
    return run(RECORDS if request.param == "as it is" else rewritten_text(RECORDS), monkeypatch)


def test_record_shows_its_fields_in_their_order_when_it_is_printed(module: Any) -> None:
    record = module.Whole("a", count=2)

    assert repr(record) == "Whole(key='a', part=Part(amount=Decimal('0'), names={}), count=2)"
    assert record.__struct_fields__ == ("key", "part", "count")


def test_records_are_equal_when_all_of_their_fields_are(module: Any) -> None:
    one, same = (
        module.Whole("a", module.Part(Decimal(1))),
        module.Whole("a", module.Part(Decimal(1))),
    )

    assert one == same
    assert one != module.Whole("a", module.Part(Decimal(2)))
    assert one != "a"


def test_record_is_not_equal_when_the_other_is_of_a_subclass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = f"{RECORDS}\n\nclass More(Whole, frozen=True):\n    pass\n"

    for each in (text, rewritten_text(text)):
        made = run(each, monkeypatch)
        assert made.Whole("a") != made.More("a")
        assert isinstance(made.More("a"), made.Whole)


def test_empty_default_belongs_to_one_record_when_two_are_made(module: Any) -> None:
    assert module.Part().names is not module.Part().names


def test_constant_default_is_one_object_when_two_are_made(module: Any) -> None:
    assert module.Whole("a").part is module.Whole("b").part


def test_methods_of_a_record_stay_when_it_is_rewritten(module: Any) -> None:
    assert module.Whole("a", module.Part(Decimal(3))).twice == Decimal(6)


def test_records_have_one_hash_when_they_are_equal(module: Any) -> None:
    assert hash(module.Whole("a", "b")) == hash(module.Whole("a", "b"))  # Parts hold a dictionary.


CHECKED = """
from msgspec import Struct


class Group(Struct, frozen=True, kw_only=True):
    enabled: bool = True

    def __post_init__(self) -> None:
        if not self.enabled:
            raise ValueError("it must be on")


class Rule(Group, frozen=True, kw_only=True):
    most: int

    PLACE = 7
"""


@pytest.mark.parametrize("text", [CHECKED, rewritten_text(CHECKED)], ids=["as it is", "rewritten"])
def test_group_checks_itself_when_a_rule_of_it_is_made(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = run(text, monkeypatch)

    assert repr(module.Rule(most=3)) == "Rule(enabled=True, most=3)"
    assert module.Rule.PLACE == 7
    with pytest.raises(ValueError, match="it must be on"):
        module.Rule(enabled=False, most=3)
