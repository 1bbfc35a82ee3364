"""Small modules as they are and as the compiler gets them, both run by the interpreter."""

import re
import sys
from types import ModuleType
from typing import Any

import pytest

from ops.compiled.rewrite import rewritten
from ops.compiled.sources import module_of

NAME = "pipeline.risk.one"
RECORDS = """
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

ZERO = Decimal(0)
MOST = 3


class Part(Struct, frozen=True, array_like=True):
    amount: Decimal = ZERO
    names: dict[str, int] = {}


class Whole(Struct, frozen=True):
    key: str  # Of the account.
    part: Part = Part()
    count: int | None = None

    @property
    def twice(self) -> Decimal:
        return self.part.amount * 2
"""


def rewritten_text(text: str, **others: str) -> str:
    """Return a module as the compiler gets it, beside others of the core."""
    texts = {NAME: text} | {f"pipeline.risk.{name}": each for name, each in others.items()}
    modules = {name: module_of(name, each) for name, each in texts.items()}
    return rewritten(modules, frozenset())[NAME]


def run(text: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a module's text. Only the compiler's `__init__` may write to a frozen record."""
    module = ModuleType(NAME)
    monkeypatch.setitem(sys.modules, NAME, module)
    text = re.sub(r"^freeze\(.*\)$", "", text, flags=re.MULTILINE)
    text = text.replace("from pipeline.risk.structs", "from ops.compiled.structs")
    exec(compile(text, NAME, "exec"), module.__dict__)
    return module
