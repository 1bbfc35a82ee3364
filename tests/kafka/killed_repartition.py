"""`riskgate repartition`, killed at the step that its argument names."""

import sys

from pipeline.rebuild.transaction import Transaction
from pipeline.repartition import beginning, carrying, copying, making, repartition
from tests.kafka.killed import Step, run_until

STEPS: dict[str, Step] = {
    "before anything is made": Step(making, "create_topic", 1),
    "before the claim is written": Step(Transaction, "commit", 1),
    "between two topics": Step(making, "create_topic", 6),
    "before the old inputs are closed": Step(repartition, "close_topics", 1),
    "before the old log is closed": Step(repartition, "close_topics", 2),
    "before limits are committed": Step(copying.Copier, "_write", 1),
    "before the first partition is committed": Step(carrying.Carrier, "_commit", 1),
    "between two partitions": Step(carrying.Carrier, "_commit", 4),
    "before the last check": Step(carrying.Carrier, "_check", 4),
    "before the new log is made": Step(beginning, "create_topic", 1),
    "before the new log has its origin": Step(beginning, "_write", 1),
    "before the new log may be read": Step(beginning, "_commit", 1),
}


if __name__ == "__main__":
    step, partitions = sys.argv[1:]
    run_until(STEPS[step], "repartition", "--partitions", partitions)
