"""The page about a new rule shows rules that would be found and asked."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Rule
from tests.readme_tables import ROOT

PAGE = (ROOT / "docs" / "new-rule.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
EXAMPLE, ITS_TEST, STATEFUL, TRANSITION, _CALLER, STATEFUL_TEST = BLOCKS


def loaded(folder: Path, text: str) -> ModuleType:
    """Load a module that the page shows."""
    path = folder / "shown.py"
    path.write_text(text)
    spec = spec_from_file_location("shown", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "name"),
    [(EXAMPLE, "PriceFloor"), (STATEFUL, "StopoutPause")],
    ids=["plain", "stateful"],
)
def test_place_of_the_shown_rule_is_free_when_it_is_read(
    text: str, name: str, tmp_path: Path
) -> None:
    rule: type[Rule] = getattr(loaded(tmp_path, text), name)

    taken = {known.PLACE for known in RULES.values()}

    assert rule.PLACE not in taken
    assert not rule().ready


def test_shown_record_moves_on_when_a_stop_fills(tmp_path: Path) -> None:
    transition = loaded(tmp_path, TRANSITION)

    first = transition.after_stop(None, now_ms=5)

    assert (first, transition.after_stop(first, now_ms=4)) == (5, 5)


def test_shown_test_of_the_record_is_about_its_rule_when_it_is_read() -> None:
    names = re.findall(r'"((?:stopout|pause)_[a-z]+)"', STATEFUL_TEST)

    assert set(names) == {"stopout_pause", "pause_ms"}


def test_shown_test_is_about_the_shown_rule_when_it_is_read() -> None:
    names = re.findall(r'"(price_[a-z]+)"', ITS_TEST)

    assert set(names) == {"price_floor", "price_min"}
