"""`riskgate limits` on a real broker: what is in force, and what may take its place."""

import uuid
from pathlib import Path

import pytest
from confluent_kafka import Producer

from pipeline.local.kafka import LocalKafka
from pipeline.streams.settings import Settings
from tests.cli.command import riskgate
from topics.account_states import TOPIC as STATES
from topics.codec import encode

ME = "me-1"


@pytest.fixture
def made(kafka: LocalKafka) -> dict[str, object]:
    """Create all topics and return the settings that name them, but for the partition count."""
    settings: dict[str, object] = {
        "brokers": kafka.bootstrap,
        "topic_prefix": f"{uuid.uuid4().hex[:8]}.",
        "group_prefix": uuid.uuid4().hex[:8],
    }
    assert riskgate("topics", "create", **settings, partitions=2).returncode == 0
    return settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "limits.yaml"


def apply(made: dict[str, object], *options: str, author: str = "helm") -> tuple[int, str]:
    done = riskgate(
        "limits", "apply", "--author", author, "--reason", "test", "--no-wait", *options, **made
    )
    return done.returncode, done.stdout + done.stderr


def known(made: dict[str, object], limits_version: str) -> None:
    """Write a row of account_states, where risk would."""
    row = encode(STATES.example).replace(b'"acct-1"', f'"{ME}"'.encode())
    row = row.replace(b'"limits_version":"1.0"', f'"limits_version":"{limits_version}"'.encode())
    producer = Producer({"bootstrap.servers": made["brokers"], "partitioner": "murmur2"})
    producer.produce(f"{made['topic_prefix']}{STATES.name}", row, ME)
    assert producer.flush(10) == 0


def shown(made: dict[str, object], account: str) -> tuple[int, dict[str, list[str]], str]:
    """Return exit code, value and origin of each parameter, and what it prints besides."""
    done = riskgate("limits", "show", account, **made)
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    return done.returncode, rows, done.stderr


def test_limits_in_force_are_shown_with_their_origin_when_documents_stand_on_each_other(
    made: dict[str, object], file: Path
) -> None:
    file.write_text("daily_loss: {daily_loss_ratio_max: 0.06}\n")
    apply(made, str(file))
    known(made, "1.0")
    code, rows, printed = shown(made, ME)

    assert (code, printed) == (0, "")
    assert rows["daily_loss.daily_loss_ratio_max"] == ["0.06", "*", "v1"]
    assert rows["drawdown.drawdown_ratio_max"] == ["0.05", "default"]

    file.write_text("daily_loss: {daily_loss_ratio_max: 0.01}\n")
    apply(made, str(file), "--account", ME)
    code, rows, printed = shown(made, ME)
    assert rows["daily_loss.daily_loss_ratio_max"] == ["0.01", ME, "v1"]
    remark = f"remark: the last decision for {ME} used version 1.0; 1.1 applies from its next event"
    assert printed == f"{remark}\n"


def test_unknown_account_is_said_so_when_its_limits_are_asked_for(made: dict[str, object]) -> None:
    code, rows, printed = shown(made, "nobody")

    assert code == 1
    assert printed.startswith("riskgate: account nobody has never had an event")
    assert rows["daily_loss.daily_loss_ratio_max"] == ["0.02", "default"]


def test_document_alone_is_shown_when_it_is_asked_for(made: dict[str, object], file: Path) -> None:
    file.write_text("cash: {fee_ratio: 0.10}\n")
    apply(made, str(file), "--account", ME)

    own = riskgate("limits", "show", ME, "--document", **made)
    everyone = riskgate("limits", "show", "*", "--document", **made)

    assert own.stdout == f"# {ME} version 1, helm: test\ncash:\n  fee_ratio: 0.1\n\n"
    assert (everyone.stdout, everyone.stderr) == ("", "There is no document for *.\n")


def test_difference_is_of_what_is_in_force_when_an_account_stands_on_everyone(
    made: dict[str, object], file: Path
) -> None:
    file.write_text("daily_loss: {daily_loss_ratio_max: 0.06}\n")
    apply(made, str(file))
    file.write_text("drawdown: {drawdown_ratio_max: 0.08}\n")
    apply(made, str(file), "--account", ME)
    file.write_text("daily_loss: {daily_loss_ratio_max: 0.02}\n")

    done = riskgate("limits", "diff", str(file), "--account", ME, **made)

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "daily_loss.daily_loss_ratio_max: 0.06 (* v1) -> 0.02",
        f"drawdown.drawdown_ratio_max: 0.08 ({ME} v1) -> back to 0.05 (default)",
    ]


def test_what_a_person_tightened_stays_when_the_release_may_only_replace_its_own(
    made: dict[str, object], file: Path
) -> None:
    over = (str(file), "--account", ME, "--only-if-changed", "--only-over", "helm")
    file.write_text("daily_loss: {daily_loss_ratio_max: 0.05}\n")
    first = apply(made, *over)[0]
    file.write_text("daily_loss: {daily_loss_ratio_max: 0.01}\n")
    night = apply(made, str(file), "--account", ME, author="anna")[0]
    file.write_text("daily_loss: {daily_loss_ratio_max: 0.05}\n")

    code, printed = apply(made, *over)

    assert (first, night, code) == (0, 0, 1)
    assert printed.startswith(f"Version 2 for {ME} was written by anna (test), not by helm")
    assert shown(made, ME)[1]["daily_loss.daily_loss_ratio_max"] == ["0.01", ME, "v2"]


def test_looser_limits_are_refused_when_they_must_never_be(
    made: dict[str, object], file: Path
) -> None:
    file.write_text("daily_loss: {daily_loss_ratio_max: 0.01}\n")
    tighter = apply(made, str(file), "--never-looser")[0]
    file.write_text("daily_loss: {daily_loss_ratio_max: 0.02, on_breach: halt}\n")

    code, printed = apply(made, str(file), "--never-looser")

    assert (tighter, code) == (0, 1)
    assert printed.splitlines() == [
        "*: daily_loss.on_breach flatten -> halt",
        "*: daily_loss.daily_loss_ratio_max 0.01 -> 0.02",
        "This is looser than the limits in force, so nothing was published.",
    ]


def test_half_a_rule_is_refused_over_what_everyone_has(made: dict[str, object], file: Path) -> None:
    file.write_text("stopout_guard: {stopouts_max: 3}\n")
    check = ("limits", "check", str(file), "--account", ME)
    before = riskgate(*check, **made)
    both = file.with_name("both.yaml")
    both.write_text("stopout_guard: {stopouts_max: 2, lookback_ms: 1000}\n")
    apply(made, str(both))

    after = riskgate(*check, **made)

    assert (before.returncode, after.returncode) == (1, 0)
    assert "stopouts_max: does nothing without lookback_ms: set it as well" in before.stderr


def test_settings_need_no_partition_count_when_limits_are_read(made: dict[str, object]) -> None:
    # The topics have 2; the default of the setting is 24.
    assert Settings.model_fields["partitions"].default == 24
    assert riskgate("limits", "show", "*", **made).returncode == 0
