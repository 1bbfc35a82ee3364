"""The compiler holds no attribute that it borrowed while it calls what could free it.

It lends attributes without counting the reference; where one is used after a call, the call may
have replaced the record that owned it. So it was with attributes declared `Final`.
"""

import re
from collections.abc import Iterator

import pytest

from ops.compiled.build import BUILT

pytestmark = pytest.mark.compiled
BORROWED = re.compile(r"\s+(r\d+) = borrow (\S+)$")
NAMES = re.compile(r"\br\d+\b")
# What calls nothing that could change a record.
HARMLESS = re.compile(
    r"= (CPyTagged|CPyDict|CPyStr|CPyTuple|CPyIter|CPySequence|CPyModule|CPyType|CPyObject_GetAttr|"
    r"CPyObject_Size|CPy_NoErr|PyNumber|PyList|PyTuple|PyDict|PyObject_(IsTrue|IsInstance|Repr|Str|"
    r"RichCompare)|cast|box|unbox|load_address|truncate|extend)"
)
CALL = re.compile(r"= \S+\(")
# A closure's variables and a generator's frame live as long as it runs; a time is a number within.
KEPT = re.compile(r"__mypyc_(env__|generator_frame)|\.now_ms$")


def used_late(text: str) -> Iterator[str]:
    """Yield each borrowed attribute that is used after a call, with the function it is in."""
    function, borrowed = "", dict[str, str]()
    called = set[str]()
    for line in text.splitlines():
        if line.startswith("def "):
            function, borrowed, called = line, {}, set()
            continue
        _, _, value = line.rpartition(" = ")
        for name in {*NAMES.findall(value)} & called:
            yield f"{borrowed[name]} in {function}"
        found = BORROWED.match(line)
        if found:
            borrowed[found[1]] = found[2]
            called.discard(found[1])
        elif CALL.search(line) and not HARMLESS.search(line):
            called |= borrowed.keys()


def test_nothing_borrowed_is_used_after_a_call_when_the_core_is_compiled() -> None:
    operations = (BUILT / "rewritten" / "build" / "ops.txt").read_text()

    late = {each for each in used_late(operations) if not KEPT.search(each.partition(" in ")[0])}

    assert operations.count(" = borrow ") > 1000
    assert late == set()


@pytest.mark.parametrize(
    ("line", "late"),
    [("r2 = f(r0)", ["r0.equity in def view(r0):"]), ("r2 = CPyTagged_Add(r0, 2)", [])],
    ids=["call", "sum"],
)
def test_attribute_is_late_when_a_call_comes_before_its_use(line: str, late: list[str]) -> None:
    text = f"def view(r0):\n    r1 = borrow r0.equity\n    {line}\n    r3 = g(r1)\n"

    assert list(used_late(text)) == late
