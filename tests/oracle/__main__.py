"""`python -m tests.oracle 0:200`: run histories by seed, or a file of recorded lines.

Exits with 1 at any difference. A differing history is shrunk and printed, after the command that
repeats it.
"""

import json
import logging
import sys
import time
from pathlib import Path

from tests.oracle.comparison import first_difference
from tests.oracle.history import generate
from tests.oracle.shrink import shrunk

SHOWN_MAX = 3  # Differing histories that are shrunk; all others are only named.


def main() -> int:
    """Run what the argument names; return the exit code."""
    logging.disable(logging.CRITICAL)  # The program reports each stop.
    argument = sys.argv[1]
    if Path(argument).is_file():
        lines = [json.loads(line) for line in Path(argument).read_text().splitlines()]
        found = first_difference(lines)
        say(found or "no difference")
        return 1 if found else 0
    first, beyond = (int(part) for part in argument.split(":"))
    return run(first, beyond)


def run(first: int, beyond: int) -> int:
    """Run the histories of some seeds; return 1 when any differs."""
    began, differing, events = time.process_time(), 0, 0
    for seed in range(first, beyond):
        history = generate(seed)
        events += history.comparison.events
        if history.difference is None:
            continue
        differing += 1
        say(f"seed {seed}: {history.difference}")
        if differing <= SHOWN_MAX:
            say(f"repeat it with: make oracle SEEDS={seed}:{seed + 1}")
            for line in shrunk(history.lines):
                say(json.dumps(line))
    spent = time.process_time() - began
    say(
        f"{beyond - first} histories of seeds {first}:{beyond}, {events} events,"
        f" {differing} differ, {spent:.0f} s of CPU"
    )
    return 1 if differing else 0


def say(*lines: str) -> None:
    """Print lines at once."""
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
