"""`make bench-peers`: riskgate and its peers in turns; tables for docs/performance.md, and goals.

`--quick` runs everything in small sizes, and publishes nothing.
"""

import os
import sys
import tempfile
from pathlib import Path

from bench.page import publish
from bench.peers.builds import builds, path_of
from bench.peers.conditions import conditions
from bench.peers.core import measure_cores
from bench.peers.cost import measure_costs
from bench.peers.delay import measure_delays
from bench.peers.goals import Measured
from bench.peers.java import java_command
from bench.peers.plan import FULL, QUICK
from bench.peers.sides import PASSTHROUGH, RISK, STATEFUL, STREAMS, STREAMS_10_MS, Place
from bench.peers.tables import page
from pipeline.errors import StartupError
from pipeline.local.kafka import LocalKafka

PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"


def main() -> None:
    """Measure, print and publish."""
    plan = QUICK if "--quick" in sys.argv else FULL
    _say(f"Three parts of {plan.runs} runs each: CPU of the cores, CPU of the roles, delays.")
    chosen, absent = builds(compiles=plan is FULL), _absent()
    os.environ.update(path_of(chosen.names[0]))  # Of every child that asks for no other build.
    streams = [] if absent else [STREAMS, STREAMS_10_MS]
    names = [*(RISK[build] for build in chosen.names), *streams, PASSTHROUGH]
    cores = measure_cores(plan, chosen.names)
    with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
        _say("The cores are done; the roles are next.")
        place = Place(kafka.bootstrap, Path(folder) / "cost")
        costs = measure_costs([*names, STATEFUL], place, plan)
        _say("The roles are done; the delays are next.")
        place = Place(kafka.bootstrap, Path(folder) / "delay")
        delays = measure_delays([names[0], *streams, PASSTHROUGH], place, plan)
    found = Measured(cores.spent, costs, delays)
    missing = [*absent, *([chosen.absent] if chosen.absent else []), *cores.absent]
    table = page(found, conditions(), list(dict.fromkeys(missing)))
    sys.stdout.write(table)
    if plan is FULL:
        publish(PAGE, "peers", table)


def _absent() -> list[str]:
    try:
        java_command("StreamsJob")
    except StartupError as error:
        return [str(error)]
    return []


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


if __name__ == "__main__":
    main()
