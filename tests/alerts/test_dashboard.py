"""The dashboard is what the code makes, and asks Prometheus only for what there is."""

import json
from pathlib import Path

import pytest
import yaml

from ops.dashboard import PAGE, dashboard_text, expressions, marker_expressions
from pipeline.streams.observe.metrics import metric_table
from tests.alerts.rules import unknown_metrics
from tests.programs import Program

TEXT = PAGE.read_text()
PANELS = json.loads(TEXT)["panels"]
MARKERS = json.loads(TEXT)["annotations"]["list"]
ASKED = sorted({*expressions(), *marker_expressions()})


def test_file_is_what_the_code_makes_when_it_is_committed() -> None:
    assert dashboard_text() == TEXT


def test_every_expression_is_valid_when_promtool_reads_it_as_a_recording_rule(
    promtool: Program, tmp_path: Path
) -> None:
    recorded = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(ASKED)]
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))

    answer = promtool("check", "rules", "--lint=none", path)

    assert answer.returncode == 0, answer.stderr
    assert f"{len(recorded)} rules found" in answer.stdout


@pytest.mark.parametrize("expression", ASKED)
def test_every_metric_exists_when_a_panel_or_marker_names_it(expression: str) -> None:
    assert unknown_metrics(expression) == set()


def test_every_metric_is_on_the_dashboard_when_it_is_declared() -> None:
    shown = " ".join(expressions())

    missing = [row.name for row in metric_table() if row.name not in shown]

    assert missing == []


def test_every_expression_is_of_the_chosen_namespace_when_panels_are_read() -> None:
    targets = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]

    assert len(targets) == len(list(expressions()))
    targets += [marker["expr"] for marker in MARKERS]
    assert [expr for expr in targets if 'namespace=~"$namespace"' not in expr] == []


def test_panels_do_not_overlap_when_they_are_laid_out() -> None:
    places = [panel["gridPos"] for panel in PANELS]

    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_titles_are_distinct_when_panels_are_listed() -> None:
    titles = [panel["title"] for panel in PANELS]

    assert len(titles) == len(set(titles))
