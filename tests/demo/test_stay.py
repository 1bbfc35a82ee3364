"""What a demo that stays tells a person to type."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from pipeline.cli.app import app
from pipeline.demo.stay import TRIES, environment_text
from pipeline.streams.settings import Settings

SETTINGS = Settings(brokers="127.0.0.1:20001", topic_prefix="it.", group_prefix="it", partitions=8)


@pytest.mark.parametrize("command", TRIES)
def test_command_is_understood_when_it_is_typed(command: str) -> None:
    (name, *words) = shlex.split(command)

    found = get_command(app)
    while isinstance(found, typer.core.TyperGroup):
        found = found.commands[words.pop(0)]
    with found.make_context(name, words) as context:
        assert name == "riskgate"
        assert context.params


def test_shell_finds_demo_and_command_when_it_reads_the_file(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text(environment_text(SETTINGS))

    said = subprocess.run(
        ["/bin/sh", "-c", f". {file}; env; command -v riskgate"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    assert {
        "RISKGATE_BROKERS=127.0.0.1:20001",
        "RISKGATE_PARTITIONS=8",
        "RISKGATE_TOPIC_PREFIX=it.",
        "RISKGATE_GROUP_PREFIX=it",
    } <= {*said}
    assert Path(said[-1]).name == "riskgate"
