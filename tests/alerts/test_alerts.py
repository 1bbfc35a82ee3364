"""Every alert is well formed, tested both ways, explained on a page, and asks for what there is."""

import re
from pathlib import Path

import pytest
import yaml

from pipeline.cli.app import app
from tests.alerts.rules import ROOT, RULE_FILES, Rule, alerts, rules, unknown_metrics
from tests.programs import Program

CASES = sorted((ROOT / "tests" / "alerts").glob("*.yaml"))
RUNBOOKS = ROOT / "docs" / "runbooks"
NAMES = sorted({alert["alert"] for alert in alerts()})


def checks() -> list[Rule]:
    """Return what promtool is asked of every alert."""
    files = (yaml.safe_load(path.read_text()) for path in CASES)
    return [check for file in files for test in file["tests"] for check in test["alert_rule_test"]]


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_rules_are_well_formed_when_promtool_lints_them(promtool: Program, path: Path) -> None:
    answer = promtool("check", "rules", "--lint=all", path)

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_when_not(promtool: Program, path: Path) -> None:
    answer = promtool("test", "rules", path)

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("name", NAMES)
def test_alert_is_tested_both_ways_when_its_cases_are_counted(name: str) -> None:
    fires = [bool(check["exp_alerts"]) for check in checks() if check["alertname"] == name]

    assert set(fires) == {True, False}


def test_every_severity_and_burn_is_tested_when_an_alert_has_several_rules() -> None:
    wanted = {(alert["alert"], *sorted(alert["labels"].items())) for alert in alerts()}

    seen = {
        (
            check["alertname"],
            *sorted((n, v) for n, v in labels.items() if n in {"severity", "burn"}),
        )
        for check in checks()
        for labels in (expected["exp_labels"] for expected in check["exp_alerts"])
    }

    assert seen == wanted


@pytest.mark.parametrize("name", NAMES)
def test_alert_has_a_runbook_when_somebody_is_woken(name: str) -> None:
    (url,) = {a["annotations"]["runbook_url"] for a in alerts() if a["alert"] == name}

    assert url == f"docs/runbooks/{name}.md"
    text = (ROOT / url).read_text()
    assert text.startswith(f"# {name}\n")
    assert all(f"**{part}" in text for part in ("What it costs.", "Look.", "Do."))


def test_every_runbook_belongs_to_an_alert_when_they_are_listed() -> None:
    assert sorted(page.stem for page in RUNBOOKS.glob("*.md")) == NAMES


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert", rule.get("record")))
def test_every_metric_exists_when_a_rule_names_it(rule: Rule) -> None:
    assert unknown_metrics(rule["expr"]) == set()


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_metrics_and_commands_exist_when_a_runbook_names_them(page: Path) -> None:
    text = page.read_text()
    commands = {
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    }
    commands |= {str(group.name) for group in app.registered_groups}

    assert unknown_metrics(text) == set()
    assert set(re.findall(r"`riskgate ([a-z-]+)", text)) <= commands


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_numbers_are_read_alike_in_every_version_when_a_text_shows_them(alert: Rule) -> None:
    shown = re.findall(r"{{ \$value \| (\w+[^}]*?) }}", alert["annotations"]["description"])

    # `humanize` shows 1.053 of what `increase` makes of 1, and a number alone becomes 1e+06.
    assert alert["annotations"]["description"].count("$value") == len(shown)
    assert {*shown} <= {"printf `%.0f`", "humanizeDuration", "humanizePercentage"}


def test_unknown_metric_is_found_when_an_expression_names_it() -> None:
    assert unknown_metrics("rate(riskgate_decisions[5m]) + riskgate_lag_records") == {
        "riskgate_decisions"
    }
