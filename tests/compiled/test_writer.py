"""What the compiled build writes in C is what topics/tree.py writes, errors included."""

from collections.abc import Callable
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Struct, structs

from ops.compiled.build import BUILT, extensions_in
from topics import tree
from topics.catalogue import TOPICS
from topics.checks import Check, Unit
from topics.decisions import TOPIC as DECISIONS
from topics.limits import TOPIC as LIMITS

pytestmark = pytest.mark.compiled

EXAMPLES = [each for topic in TOPICS.values() for each in topic.examples]
# Digits that carry when they are rounded, and any others: as one integer, which is drawn at once.
NUMBERS = st.decimals() | st.builds(
    lambda digits, exponent: Decimal(f"{digits}E{exponent}"),
    st.integers(-(10**60), 10**60) | st.sampled_from([10**40 - 1, 10**19 - 5, 15, -25, 0]),
    st.integers(-60, 20) | st.integers(-500, 500),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | NUMBERS | st.floats(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """Return the module in C, from where it was built."""
    (path,) = (path for path, at in extensions_in(BUILT).items() if at.startswith("topics/writer."))
    spec = spec_from_file_location("writer", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outcome(encode: Callable[[Any], bytes], message: object) -> object:
    """Return the bytes of a message, or the error that comes instead."""
    try:
        return encode(message)
    except Exception as error:  # noqa: BLE001  Whatever it is, both must raise it.
        return type(error), str(error)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda each: type(each).__name__)
def test_bytes_are_those_of_python_when_any_message_is_written(
    writer: ModuleType, message: Struct
) -> None:
    assert writer.encode(message) == tree.encode(message)


@settings(max_examples=500, deadline=None)
@given(number=NUMBERS, unit=st.sampled_from([None, *get_args(Unit)]))
@example(number=Decimal("9.9999999999999999995"), unit="ratio")
@example(number=Decimal("-0.5555555555555555555"), unit="quantity")
def test_digits_are_those_of_python_when_a_decision_holds_a_number(
    writer: ModuleType, number: Decimal, unit: Unit | None
) -> None:
    checks = (Check("cash", "pass", number, None, number.copy_negate(), unit),)
    given_: dict[str, Any] = dict.fromkeys(("equity", "approved_quantity", "limit_price"), number)
    message = structs.replace(DECISIONS.example, checks=checks, **given_)

    assert outcome(writer.encode, message) == outcome(tree.encode, message)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=())), message=st.text() | st.just(UNSET))
def test_texts_are_those_of_python_whatever_characters_they_have(
    writer: ModuleType, text: str, message: Any
) -> None:
    checks = (Check(text, "breach", message=message),)
    decision = structs.replace(DECISIONS.example, strategy_id=text, reasons=(text,), checks=checks)

    assert outcome(writer.encode, decision) == outcome(tree.encode, decision)


@settings(max_examples=300, deadline=None)
@given(rules=st.dictionaries(st.text(), st.dictionaries(st.text(), VALUES, max_size=3), max_size=3))
def test_tree_is_that_of_python_whatever_a_document_holds(
    writer: ModuleType, rules: dict[str, Any]
) -> None:
    message = structs.replace(LIMITS.example, rules=rules)

    assert outcome(writer.encode, message) == outcome(tree.encode, message)
