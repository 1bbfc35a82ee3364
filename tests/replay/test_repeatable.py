"""The same bytes from another process, whatever Python's own dice say."""

import os
import subprocess

from pipeline.streams.roles.children import riskgate_command
from tests import given
from tests.replay.histories import line_of, lines_of

DRAWN = [
    (given.signal("buy", 4, signal_id="s4", account_id="a"), 0),
    (given.signal("buy", 5, signal_id="s5", account_id="b"), 400),
    (given.fill("buy", 4, 100, fill_id="f4", signal_id="s4", account_id="a"), 400),
    (given.price(80), 400),
    (given.control("flatten", account_id="*", control_id="c1"), 400),
]


def test_bytes_are_the_same_when_another_process_replays() -> None:
    last = line_of(given.account("d"), given.T0_MS + 90_000)
    lines = b"".join([*lines_of(DRAWN), last])

    outputs = {
        subprocess.run(
            riskgate_command("replay", "-"),
            input=lines,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(outputs) == 1
    assert b'"reason":"emergency_stop"' in outputs.pop()
