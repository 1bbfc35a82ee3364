import uuid

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.limits_log import first_instead_of, published, write_document
from pipeline.streams.settings import Settings
from tests.cli.command import riskgate
from tests.kafka.reading import read_all
from topics.codec import decode
from topics.controls import TOPIC as CONTROLS
from topics.controls import Control
from topics.limits import LimitsDocument

SAID = ("--author", "risk-desk", "--reason", "test")


@pytest.fixture
def prefix() -> str:
    return f"{uuid.uuid4().hex[:8]}."


@pytest.fixture
def admin(kafka: LocalKafka) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.bootstrap})


@pytest.fixture
def made(kafka: LocalKafka, prefix: str) -> dict[str, object]:
    """Create all topics and return the settings that name them."""
    settings: dict[str, object] = {
        "brokers": kafka.bootstrap,
        "topic_prefix": prefix,
        "partitions": 2,
    }
    assert riskgate("topics", "create", **settings).returncode == 0
    return settings


def test_check_finds_nothing_when_the_topics_were_just_created(made: dict[str, object]) -> None:
    again = riskgate("topics", "create", **made)
    check = riskgate("topics", "check", **made)

    assert (again.returncode, again.stdout) == (0, "No topic was missing.\n")
    assert (check.returncode, check.stdout) == (0, "All topics are as riskgate needs them.\n")


def test_check_exits_with_1_when_a_topic_was_changed(
    made: dict[str, object], admin: AdminClient
) -> None:
    entry = ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(
        ResourceType.TOPIC, f"{made['topic_prefix']}fills", incremental_configs=[entry]
    )
    admin.incremental_alter_configs([resource])[resource].result(10)

    check = riskgate("topics", "check", **made)

    assert check.returncode == 1
    assert check.stdout == (
        f"{made['topic_prefix']}fills has cleanup.policy=compact and would lose messages; "
        "set it to delete\n"
    )


@pytest.mark.parametrize("roles", [[], ["risk"]])
def test_run_is_refused_when_the_partition_count_is_another(
    made: dict[str, object], roles: list[str]
) -> None:
    done = riskgate("run", *roles, **{**made, "partitions": 3})

    assert done.returncode == 2
    assert done.stderr.startswith(
        f"riskgate: {made['topic_prefix']}events has 2 partitions, "
        "but RISKGATE_PARTITIONS is 3; the count can never change: correct the setting"
    )
    assert done.stderr.count("\n") == 1


def test_run_is_refused_when_the_topics_are_missing(kafka: LocalKafka, prefix: str) -> None:
    done = riskgate("run", "risk", brokers=kafka.bootstrap, topic_prefix=prefix)

    assert done.returncode == 2
    assert done.stderr.startswith(
        f"riskgate: {prefix}events is missing; create it with: riskgate topics create"
    )


def test_control_is_on_its_topic_when_it_was_ordered(
    made: dict[str, object], kafka: LocalKafka
) -> None:
    done = riskgate("halt", "acct-1", *SAID, "--expires-in", "5m", "--force", "--no-wait", **made)

    (message,) = read_all(kafka.bootstrap, f"{made['topic_prefix']}controls", partitions=2)
    control = decode(CONTROLS, message.value())
    assert isinstance(control, Control)
    assert (message.key(), control.account_id, control.command) == (b"acct-1", "acct-1", "halt")
    assert (control.author, control.reason) == ("risk-desk", "test")
    assert control.expires_at_ms == control.issued_at_ms + 300_000
    assert done.stdout.startswith(f"{control.control_id} is offset {message.offset()} ")


def test_control_is_refused_when_its_topic_is_missing(kafka: LocalKafka, prefix: str) -> None:
    done = riskgate("halt", "acct-1", *SAID, brokers=kafka.bootstrap, topic_prefix=prefix)

    assert done.returncode == 2
    assert done.stderr == (
        f"riskgate: {prefix}controls is missing; create it with: riskgate topics create\n"
    )


def test_control_is_refused_when_no_account_has_this_name(
    made: dict[str, object], kafka: LocalKafka
) -> None:
    row(kafka, made, "acct-1")

    known = riskgate("halt", "acct-1", *SAID, "--no-wait", **made)
    misspelt = riskgate("halt", "acct-I", *SAID, "--no-wait", **made)
    everyone = riskgate("halt", "*", *SAID, "--no-wait", "--yes", **made)

    assert (known.returncode, misspelt.returncode, everyone.returncode) == (0, 2, 0)
    assert misspelt.stderr.startswith("riskgate: account acct-I has never had an event")
    controls = read_all(kafka.bootstrap, f"{made['topic_prefix']}controls", partitions=2)
    written = [message.key() for message in controls]
    assert sorted(written) == [b"*", b"acct-1"]


def row(kafka: LocalKafka, made: dict[str, object], account: str) -> None:
    """Write a row of account_states, where risk would."""
    settings = {"bootstrap.servers": kafka.bootstrap, "partitioner": "murmur2", "log_level": 0}
    producer = Producer(settings)
    producer.produce(f"{made['topic_prefix']}account_states", b"{}", account)
    assert producer.flush(10) == 0


def test_second_of_two_is_told_who_was_first_when_both_publish_a_version(
    made: dict[str, object],
) -> None:
    settings = Settings.model_validate(made)
    mine, other = (
        LimitsDocument(account_id="*", version=1, author=author, reason="test", rules={})
        for author in ("me", "other")
    )

    first = write_document(settings, other)
    second = write_document(settings, mine)

    assert first_instead_of(settings, mine, second) == other
    assert first_instead_of(settings, other, first) is None


def test_limits_grow_by_one_version_when_a_file_is_applied_twice(
    made: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("limits") / "limits.yaml"
    file.write_text("drawdown: {drawdown_ratio_max: 0.05}\n")
    apply = ("limits", "apply", str(file), *SAID, "--no-wait")
    before = riskgate("limits", "diff", str(file), **made)

    for account in ("*", "acct-1", "*"):
        done = riskgate(*apply, "--account", account, **made)
        assert done.returncode == 0, done.stderr

    documents = published(Settings.model_validate(made)).in_force
    after = riskgate("limits", "diff", str(file), **made)
    versions = {name: document.version for name, document in documents.items()}
    assert versions == {"*": 2, "acct-1": 1}
    assert before.stdout == "drawdown.drawdown_ratio_max: 0.05 (default) -> 0.05\n"
    assert before.returncode == 1
    assert (after.returncode, after.stdout) == (0, "Nothing would change.\n")


def test_limits_stay_as_they_are_when_only_changes_are_to_be_published(
    made: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("limits") / "limits.yaml"
    apply = ("limits", "apply", str(file), *SAID, "--only-if-changed", "--no-wait")

    printed = []
    for ratio in ("0.05", "0.050", "0.06"):
        file.write_text(f"drawdown: {{drawdown_ratio_max: {ratio}}}\n")
        printed.append(riskgate(*apply, **made).stdout.partition(" is offset")[0])

    assert printed == [
        "Version 1 for *",
        "Version 1 for * is the same; nothing was published.\n",
        "Version 2 for *",
    ]


@pytest.mark.parametrize("command", [("diff",), ("apply", *SAID)])
def test_limits_are_remarked_on_when_they_are_compared_or_published(
    made: dict[str, object], tmp_path_factory: pytest.TempPathFactory, command: tuple[str, ...]
) -> None:
    file = tmp_path_factory.mktemp("limits") / "limits.yaml"
    file.write_text("drawdown: {drawdown_ratio_max: 5}\n")

    done = riskgate("limits", command[0], str(file), *command[1:], **made)

    assert (
        "remark: drawdown.drawdown_ratio_max is 5 (500 %); did you mean 5 % (0.05)?" in done.stderr
    )


def test_changelog_is_there_and_checked_when_the_topics_were_created(
    made: dict[str, object], admin: AdminClient
) -> None:
    settings = Settings.model_validate(made)
    changelog = f"changelog__{settings.group('risk')}--{settings.topic('events')}--accounts"
    entry = ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, changelog, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(10)

    check = riskgate("topics", "check", **made)

    assert check.stdout == (
        f"{changelog} has cleanup.policy=delete and would lose messages; set it to compact\n"
    )
