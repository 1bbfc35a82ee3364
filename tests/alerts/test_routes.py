"""Whom an alert reaches, as Alertmanager itself would say it."""

import pytest
import yaml

from tests.alerts.rules import ROOT, Rule, alerts
from tests.programs import Program

ROUTING = ROOT / "ops" / "alertmanager.yml"


def test_routing_is_well_formed_when_amtool_reads_it(amtool: Program) -> None:
    answer = amtool("check-config", str(ROUTING))

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_alert_reaches_the_pager_alone_when_it_is_critical(amtool: Program, alert: Rule) -> None:
    labels = {"alertname": alert["alert"], "namespace": "riskgate"} | alert["labels"]
    given = (f"{name}={value}" for name, value in labels.items())

    answer = amtool("config", "routes", "test", f"--config.file={ROUTING}", *given)

    critical = labels["severity"] == "critical"
    assert answer.stdout == ("pager\n" if critical else "desk\n"), answer.stderr


def test_silenced_alerts_exist_when_one_stands_for_others() -> None:
    names = {alert["alert"] for alert in alerts()}

    matchers = [
        matcher.split("=", 1)[1].lstrip("~").strip('"').split("|")
        for rule in yaml.safe_load(ROUTING.read_text())["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
        if matcher.startswith("alertname")
    ]

    assert len(matchers) == 6
    assert {name for named in matchers for name in named} <= names
