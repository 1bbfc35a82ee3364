"""`riskgate rebuild`, killed at the step that its argument names."""

import sys

from pipeline.rebuild import rebuild, writing
from pipeline.streams.admin import changelog_admin
from tests.kafka.killed import Step, run_until

# Where, and at which of its calls.
STEPS: dict[str, Step] = {
    "before the changelog is deleted": Step(rebuild, "recreate_changelog", 1),
    "before the state is sent": Step(writing.StateWriter, "write", 1),
    "before the first commit": Step(writing.StateWriter, "_commit", 1),
    "before the last commit": Step(writing.StateWriter, "_commit", 4),
}
STEPS_OF_ONE: dict[str, Step] = {
    "before the partition is emptied": Step(rebuild, "empty_changelog", 1),
    "before its policy is back": Step(changelog_admin, "set_configs", 2),
    "before its state is sent": Step(writing.StateWriter, "write", 1),
    "before its commit": Step(writing.StateWriter, "_commit", 1),
}


if __name__ == "__main__":
    writing.TRANSACTION_SECONDS_MAX = 5.0  # A worker waits for the end of one that was left open.
    step, *options = sys.argv[1:]
    run_until((STEPS | STEPS_OF_ONE)[step], "rebuild", *options)
