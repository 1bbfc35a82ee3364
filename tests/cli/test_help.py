import subprocess

import pytest

from pipeline.streams.roles.children import python_command
from tests.cli.command import riskgate

# What takes more than a few hundredths of a second to import.
SLOW = ["quixstreams", "confluent_kafka", "pydantic", "rich", "structlog", "msgspec", "ruamel"]


def test_help_imports_nothing_slow_when_it_is_printed() -> None:
    program = (
        "import sys\n"
        "sys.argv = ['riskgate', '--help']\n"
        "from riskgate.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )

    done = subprocess.run(python_command("-c", program), capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "command",
    ["run", "topics", "limits", "halt", "reduce", "resume", "flatten", "replay", "verify", "demo"],
)
def test_help_names_the_command_when_it_is_asked_of_it(command: str) -> None:
    done = riskgate(command, "--help")

    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: riskgate {command}")


def test_version_is_printed_when_it_is_asked_for() -> None:
    done = riskgate("--version")

    assert (done.returncode, done.stdout) == (0, "riskgate 0.1.0, pure core\n")


def test_misuse_exits_with_2_when_a_role_does_not_exist() -> None:
    done = riskgate("run", "accountant")

    assert done.returncode == 2
    assert "accountant" in done.stderr
