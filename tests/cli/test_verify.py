"""`riskgate verify FILE` as a user runs it."""

from pathlib import Path

import orjson
import pytest

from pipeline.verify.records import DECISIONS
from tests.cli.command import riskgate
from tests.verify.recorded import Recording


def written(recording: Recording, path: Path) -> str:
    lines = [
        b'{"topic":"%b","partition":0,"offset":%d,"timestamp_ms":%d,"value":%b}\n'
        % (topic.encode(), record.offset, record.timestamp_ms, record.value)
        for topic, records in recording.records.items()
        for record in records
    ]
    path.write_bytes(b"".join(lines))
    return str(path)


def test_verify_succeeds_when_a_recording_is_healthy(tmp_path: Path) -> None:
    done = riskgate("verify", written(Recording(), tmp_path / "log.jsonl"))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("28 events, 54 outputs, 5 signals decided, 0 waiting")
    assert done.stdout.endswith("\nno findings\n")


def test_verify_prints_findings_as_json_when_it_is_asked_to(tmp_path: Path) -> None:
    recording = Recording()
    recording.remove(DECISIONS, 1)

    done = riskgate("verify", written(recording, tmp_path / "log.jsonl"), "--json", "--no-replay")

    finding, last = map(orjson.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert finding == {
        "invariant": "decision",
        "account_id": "b",
        "topic": "events",
        "partition": 0,
        "offset": 7,
        "found": "signal s1 has no decision",
        "expected": "exactly one in decisions",
    }
    assert (last["summary"]["findings"], last["summary"]["replay_equal"]) == (1, None)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        ("", "holds no line of the topic events"),
        ("nonsense\n", "line 1 is not a recorded message"),
        ('{"topic":"guesses","timestamp_ms":0,"value":1}\n', "line 1 names no topic"),
    ],
)
def test_verify_says_why_when_a_file_cannot_be_read(
    tmp_path: Path, content: str, advice: str
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(content)

    done = riskgate("verify", str(path))

    assert done.returncode == 2
    assert advice in done.stderr


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["log.jsonl", "--follow"], "need the topics in Kafka"),
        (["--follow", "--to", "14:03"], "--follow has no end"),
        (["--from", "noon"], "is neither a duration nor a time"),
    ],
)
def test_verify_is_refused_when_its_options_contradict(arguments: list[str], advice: str) -> None:
    done = riskgate("verify", *arguments)

    assert done.returncode == 2
    assert advice in done.stderr
