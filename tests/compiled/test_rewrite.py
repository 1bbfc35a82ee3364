"""What the compiler gets means what the source says, and all else of the text stays as it is."""

from decimal import Decimal

import pytest

from tests.compiled.rewriting import RECORDS, rewritten_text, run

CALLS = f"""{RECORDS}

def raised(whole: Whole, seen: list[str]) -> Whole:
    def value(name: str) -> int:
        seen.append(name)
        return len(seen)

    return replace(
        whole,
        # Count first, please.
        count=value("count"),
        part=replace(whole.part, amount=Decimal(value("part"))),
    )
"""
SETTER = f"""
from typing import TypedDict, Unpack
{RECORDS}

class WholeChanges(TypedDict, total=False):
    key: str
    count: int | None


class Holder:
    def __init__(self) -> None:
        self.whole = Whole("a")
        self.sets = 0

    def set_whole(self, **changes: Unpack[WholeChanges]) -> None:
        self.whole = replace(self.whole, **changes)
        self.sets += 1


def use(holder: Holder) -> None:
    holder.set_whole(count=2)
    holder.set_whole(key="b", count=3)
"""

COUNTED = """from msgspec.structs import replace
from pipeline.risk.two import Whole

ONE = set()

def counted(whole: Whole) -> Whole:  # It is said once.
    return replace(whole, count=1)
"""
BASE = """
from msgspec import Struct

Level = int


class Base(Struct, frozen=True):
    level: Level = 1
"""
OTHER_LEVEL = """
from pipeline.risk.two import Base

Level = str


class One(Base, frozen=True):
    pass
"""


def test_copy_has_the_new_values_when_a_record_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (CALLS, rewritten_text(CALLS)):
        module, seen = run(text, monkeypatch), list[str]()
        old = module.Whole("a")
        new = module.raised(old, seen)
        assert new == module.Whole("a", module.Part(Decimal(2)), 1)
        assert (old, seen) == (module.Whole("a"), ["count", "part"])


def test_replacing_is_a_method_of_the_record_when_it_is_rewritten() -> None:
    text = rewritten_text(CALLS)

    assert ".with_count__part(" in text
    assert "replace(" not in text.partition("def raised")[2]
    assert "# Count first, please." in text


def test_replacing_stays_when_no_record_of_the_core_has_such_fields() -> None:
    text = rewritten_text(
        f"{RECORDS}\n\ndef told(check: object) -> object:\n    return replace(check, message='x')\n"
    )

    assert "return replace(check, message='x')" in text


def test_setter_changes_the_same_fields_when_it_is_rewritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for text in (SETTER, rewritten_text(SETTER)):
        module = run(text, monkeypatch)
        holder = module.Holder()
        module.use(holder)
        assert (repr(holder.whole).count("key='b'"), holder.whole.count, holder.sets) == (1, 3, 2)


def test_setter_has_a_method_for_each_set_of_keywords_when_it_is_rewritten() -> None:
    text = rewritten_text(SETTER)

    assert "def set_whole__count(self, count: int | None) -> None:" in text
    assert 'holder.set_whole__key__count("b", 3)' in text


def test_only_what_is_called_once_is_final_when_constants_are_rewritten() -> None:
    text = rewritten_text(RECORDS)

    assert "ZERO: Final = Decimal(0)" in text
    assert "MOST = 3" in text  # Tests set other bounds.


def test_lines_keep_their_numbers_when_a_module_has_no_records() -> None:
    lines = rewritten_text(COUNTED, two=RECORDS).split("\n")

    assert lines[5] == "def counted(whole: Whole) -> Whole:  # It is said once."
    assert lines[6] == "    return (whole).with_count( 1)"


def test_build_stops_when_a_name_is_two_things_in_two_modules() -> None:
    with pytest.raises(AssertionError, match="Level is another thing"):
        rewritten_text(OTHER_LEVEL, two=BASE)
