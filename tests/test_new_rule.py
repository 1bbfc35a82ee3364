"""The page about a new rule shows one that would be found and asked."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Rule
from tests.readme_tables import ROOT

PAGE = (ROOT / "docs" / "new-rule.md").read_text()
EXAMPLE, ITS_TEST = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def shown(folder: Path) -> type[Rule]:
    """Load the rule that the page shows."""
    path = folder / "price_floor.py"
    path.write_text(EXAMPLE)
    spec = spec_from_file_location("price_floor", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    rule: type[Rule] = module.PriceFloor
    return rule


def test_place_of_the_shown_rule_is_free_when_it_is_read(tmp_path: Path) -> None:
    rule = shown(tmp_path)

    taken = {known.PLACE for known in RULES.values()}

    assert rule.PLACE not in taken
    assert not rule().ready


def test_shown_test_is_about_the_shown_rule_when_it_is_read() -> None:
    names = re.findall(r'"(price_[a-z]+)"', ITS_TEST)

    assert set(names) == {"price_floor", "price_min"}
