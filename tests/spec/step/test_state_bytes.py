"""The stored bytes of equal histories are equal, whatever Python's own dice say."""

import os
import subprocess

from pipeline.streams.roles.children import python_command


def test_state_bytes_are_the_same_when_another_process_lives_the_same_history() -> None:
    written = [
        subprocess.run(
            python_command("-m", "tests.spec.state_bytes"),
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert written[0] == written[1]
    assert "groups sides weights\n" in written[0]  # Otherwise there is no order to differ.
