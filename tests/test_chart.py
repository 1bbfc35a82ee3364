"""The chart says of topics, access and settings what the code says; Helm itself is not needed."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipeline.streams.admin.acls import acl_lines
from pipeline.streams.admin.quotas import QUOTAS
from pipeline.streams.settings import Settings
from tests.chart_files import CHART, chart_files, free_settings

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
CASES = sorted(CHART.glob("ci/*-values.yaml"))
KINDS = {"transactional-id": "transactionalId"}


@pytest.mark.parametrize("path", chart_files(), ids=lambda path: path.name)
def test_file_of_the_chart_is_what_the_code_says_when_it_is_read(path: Path) -> None:
    assert path.read_text() == chart_files()[path]


def test_chart_allows_what_the_command_prints_when_both_have_the_same_prefixes() -> None:
    acls = yaml.safe_load((CHART / "files" / "acls.yaml").read_text())
    printed = {_read(line) for line in acl_lines(Settings(topic_prefix="t.", group_prefix="g"))}

    allowed = {
        (party, operation, acl["type"], _placed(acl.get("name", "")), acl.get("patternType", ""))
        for party, entries in acls.items()
        for acl in entries
        for operation in acl["operations"]
    }

    assert allowed == printed


def test_chart_has_the_quotas_that_the_command_prints() -> None:
    strimzi = yaml.safe_load((CHART / "values.yaml").read_text())["strimzi"]

    assert strimzi["quotas"] == {
        party: {"producerByteRate": rate} for party, rate in QUOTAS.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_schema_takes_a_case_when_it_is_laid_over_the_defaults(case: Path) -> None:
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())

    values = _laid_over(defaults, yaml.safe_load(case.read_text()))

    assert [error.message for error in _errors(values)] == []


def test_settings_of_the_chart_are_free_when_it_sets_none_of_them_itself() -> None:
    names = free_settings()

    assert {"LOG_LEVEL", "CHECKPOINT_INTERVAL_MS"} <= set(names)
    assert not {"BROKERS", "INSTANCE", "STATE_DIR", "SASL_PASSWORD", "CONSOLE_HOST"} & set(names)


@pytest.mark.parametrize(
    "wrong",
    [
        "replicas: 3",
        "kafka: {brokers: kafka}",
        "kafka: {partitions: 0}",
        "kafka: {partitions: twelve}",
        "kafka: {topicPrefix: 'risk '}",
        "kafka: {login: KERBEROS}",
        "kafka: {tls: {ca: x}}",
        "settings: {LOG_LEVLE: info}",
        "settings: {BROKERS: 'kafka:9092'}",
        "settings: {CONSOLE_WRITE: true}",
        "console: {settings: {CONSOLE_PROXIES: 10.1.0.0/16}}",
        "console: {settings: {CONSOLE_WRITE: 'no'}}",
        "console: {proxies: [ingress]}",
        "console: {proxies: 10.1.0.0/16}",
        "console: {names: ['https://risk.example.com']}",
        "console: {replicas: 2}",
        "console: {settings: {DOOR_GROUPS: momentum}}",
        "door: {settings: {CONSOLE_WRITE: true}}",
        "door: {settings: {DOOR_NAMES: signals.example.com}}",
        "door: {proxies: [ingress]}",
        "door: {replicas: 0}",
        "settings: {DOOR_GROUPS: momentum}",
        "risk: {replicas: 0}",
        "risk: {persistence: {size: ten}}",
        "risk: {autoscaling: {kind: keda, lagThreshold: 1}}",
        "risk: {autoscaling: {minReplicas: 0}}",
        "risk: {pod: {extraEnv: [{name: RISKGATE_PARTITIONS, value: '9'}]}}",
        "terminationGracePeriodSeconds: 30",
        "http: {port: 80}",
        "image: {digest: 'sha256:12'}",
        "limits: {documents: [{account: '*', rules: {}}]}",
        "strimzi: {clients: [risk]}",
        "podSecurityContext: {runAsUser: 0}",
        "ingest: {podDisruptionBudget: {enabled: true, maxUnavailable: 0}}",
    ],
)
def test_schema_refuses_values_when_they_are_wrong(wrong: str) -> None:
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())

    values = _laid_over(defaults, yaml.safe_load(wrong))

    assert _errors(values) != []


def _errors(values: object) -> list[jsonschema.ValidationError]:
    return list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(values))


def _laid_over(below: object, above: object) -> object:
    """Merge as Helm does: maps key by key, everything else whole."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return below | {key: _laid_over(below.get(key), value) for key, value in above.items()}


def _placed(name: str) -> str:
    return name.replace("@topics@", "t.").replace("@groups@", "g")


def _read(line: str) -> tuple[str, str, str, str, str]:
    found = re.fullmatch(
        r"--add --allow-principal User:(\S+) --operation (\S+) --(\S+)(?: (\S+))?(.*)", line
    )
    assert found is not None
    party, operation, kind, name, pattern = found.groups()
    if kind == "cluster":
        return party, operation, kind, "", ""
    matched = "prefix" if pattern.endswith("prefixed") else "literal"
    return party, operation, KINDS.get(kind, kind), name, matched
