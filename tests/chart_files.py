"""What the chart knows of topics, access and settings, made from the code; `make readme` writes it.

The names in it hold @topics@ and @groups@ where the release puts its prefixes.
"""

import json
from pathlib import Path

import yaml

from pipeline.streams.admin.acls import accesses
from pipeline.streams.clients.topic_plan import Planned, plan, plan_changelog
from pipeline.streams.role_interface import changelog_name
from pipeline.streams.settings import Settings, variable

CHART = Path(__file__).parent.parent / "helm"
TOPICS, GROUPS = "@topics@", "@groups@"
PLACED = Settings.model_construct(topic_prefix=TOPICS, group_prefix=GROUPS)
# The chart sets these itself.
ELSEWHERE = ("ssl_", "sasl_", "security_")
# The chart sets these itself, from values of its own.
OWNED = {
    *("brokers", "topic_prefix", "group_prefix", "partitions", "replication_factor"),
    *("instance", "replica", "state_dir", "http_host", "http_port"),
    *("console_host", "console_port", "console_proxies", "console_names"),
    *("door_host", "door_port", "door_names"),
    *(name for name in Settings.model_fields if name.startswith(ELSEWHERE)),
}
MADE = "# Made from the code by `make readme`; a test compares them.\n"
Resource = tuple[str, str, bool]  # Kind, name, and whether the name is only a prefix.
KINDS = {"transactional-id": "transactionalId"}


def chart_files() -> dict[Path, str]:
    """Name each made file of the chart and its text."""
    schema = CHART / "values.schema.json"
    return {
        CHART / "files" / "topics.yaml": MADE + _yaml(_topics()),
        CHART / "files" / "acls.yaml": MADE + _yaml(_acls()),
        schema: _schema(json.loads(schema.read_text())),
    }


def free_settings() -> list[str]:
    """List the settings that a release may set as it likes, without RISKGATE_."""
    names = [name for name in Settings.model_fields if name not in OWNED]
    return [variable(name).removeprefix("RISKGATE_") for name in names]


def _topics() -> list[dict[str, object]]:
    changelog = changelog_name(PLACED.group("risk"), PLACED.topic("events"))
    topics = [(t.topic.name, t) for t in plan(prefix=TOPICS, partitions=1, replicas=3)]
    state = plan_changelog(changelog, partitions=1, replicas=3)
    return [_topic(name, planned) for name, planned in [*topics, ("changelog", state)]]


def _topic(name: str, planned: Planned) -> dict[str, object]:
    # The least in sync follows from the replicas, which the release knows.
    config = {key: value for key, value in planned.config.items() if key != "min.insync.replicas"}
    return {"name": name.replace("_", "-"), "topicName": planned.name, "config": config}


def _acls() -> dict[str, list[dict[str, object]]]:
    """Gather the operations of each party and resource, in the order of the command."""
    found: dict[str, dict[Resource, list[str]]] = {}
    for access in accesses(PLACED):
        resource = (access.kind, access.name, access.prefixed)
        found.setdefault(str(access.party), {}).setdefault(resource, []).append(access.operation)
    return {
        party: [_acl(resource, operations) for resource, operations in resources.items()]
        for party, resources in found.items()
    }


def _acl(resource: Resource, operations: list[str]) -> dict[str, object]:
    kind, name, prefixed = resource
    if kind == "cluster":
        return {"type": kind, "operations": operations}
    pattern = "prefix" if prefixed else "literal"
    named = {"type": KINDS.get(kind, kind), "name": name, "patternType": pattern}
    return {**named, "operations": operations}


def _schema(schema: dict[str, dict[str, dict[str, object]]]) -> str:
    free = free_settings()
    of_roles = [name for name in free if not name.startswith(("CONSOLE_", "DOOR_"))]
    headers = {"CONSOLE_USER_HEADER", "CONSOLE_GROUPS_HEADER"}  # Both are behind such a proxy.
    schema["$defs"]["settings"]["propertyNames"] = {"enum": of_roles}
    schema["$defs"]["consoleSettings"]["propertyNames"] = {
        "enum": [name for name in free if not name.startswith("DOOR_")]
    }
    schema["$defs"]["doorSettings"]["propertyNames"] = {
        "enum": [name for name in free if not name.startswith("CONSOLE_") or name in headers]
    }
    return json.dumps(schema, indent=2) + "\n"


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


def write() -> None:
    """Write every made file."""
    for path, text in chart_files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    write()
