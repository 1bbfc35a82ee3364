"""SIGTERM before a role takes signals itself: the process is gone, and it is no failure."""

import subprocess

import pytest

from pipeline.streams.roles.children import python_command
from tests.cli.command import riskgate

DURING = {
    "a finalizer": "class Gone:\n    def __del__(self): told()\nGone()",
    "a callback that swallows": "try:\n    told()\nexcept BaseException:\n    pass",
    "plain code": "told()",
}
PROGRAM = """
import os, signal, time
from pipeline.streams.roles.leaving import exit_on_sigterm

def told():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0)

exit_on_sigterm()
{moment}
time.sleep(0.1)
raise SystemExit("still there")
"""


@pytest.mark.parametrize("moment", DURING)
def test_process_ends_well_when_it_is_told_to_during(moment: str) -> None:
    program = PROGRAM.format(moment=DURING[moment])

    done = subprocess.run(
        python_command("-c", program), capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_run_still_fails_with_a_sentence_when_no_broker_answers() -> None:
    done = riskgate("run", "risk", brokers="127.0.0.1:1")

    assert done.returncode == 2
    assert done.stderr.startswith("riskgate: Kafka at 127.0.0.1:1 does not answer")
