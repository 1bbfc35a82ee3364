"""Kill risk workers by a seed under load, and count.

    python -m bench.kills DEATHS FREEZES TWINS SEED

Six workers share four partitions while signals, fills and halts keep coming. Each life ends by
SIGKILL at a place that is drawn for it: around and inside a checkpoint, between produce and
delivery, while events are decided again, while held outputs go out, or at any moment. Most start
again at once under their name, some only when another has taken over, some without their disk.
Then two work on one partition: further lives are frozen for 30 s instead, at such a place, and
thawed when others have taken over; others get a twin, a second process under their name with a disk
of its own, until one of both hears that it is no longer the member of that name.

A reader that is not read_committed sees every decision: none may be missing, none may differ from
another of its number, and none may come twice unless two worked on one partition. `riskgate verify`
then judges all topics. The last line counts; whatever is lost or differs exits with 1.
"""

import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench.chaos_trading import Trading
from bench.crew import Beside, Crew
from bench.decisions_read import Counts, DecisionsRead
from bench.judge import judged
from bench.pipeline import settings_of
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing

RATE = 60  # Signals per second.
WARM_UP_SECONDS = 5.0


def main() -> None:
    """Kill, freeze, count; exit with 1 on any violation."""
    deaths, freezes, twins, seed = (int(text) for text in sys.argv[1:5])
    draw = random.Random(seed)
    with ExitStack() as stack:
        kafka = stack.enter_context(LocalKafka())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = settings_of(kafka.bootstrap, "kills")
        create_missing(settings)
        beside = Beside(settings, folder)
        stack.callback(beside.end)
        crew = Crew(settings, folder, draw, beside=beside)
        stack.callback(crew.kill_all)
        trading = stack.enter_context(Trading(settings, random.Random(seed), rate=RATE))
        crew.work(WARM_UP_SECONDS)
        read = DecisionsRead(settings)
        crew.die(deaths)
        killed = read.count()
        crew.double(freezes=freezes, twins=twins)
        crew.calm()
        trading.finish()
        counts = read.count(signals=trading.sent)
        _say(f"{counts}, before riskgate verify; {beside.restarts} other restarts")
        crew.end()
        found = Found(killed, counts, judged(settings, folder))
    sys.exit(report(crew, found, seed))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Found(NamedTuple):
    """What was found, by the reader of decisions and by the judge."""

    killed: Counts  # Before two worked on one partition.
    all: Counts
    findings: int


def report(crew: Crew, found: Found, seed: int) -> int:
    """Print the last lines and return the exit code."""
    counts, without = found.all, found.killed.doubles
    sys.stdout.write(
        f"{crew.table()}{crew.deaths} deaths, {crew.frozen} freezes, {crew.twins} twins, "
        f"seed {seed}: {counts.signals} signals, {counts.decisions} decisions, "
        f"{counts.lost} lost, {counts.differing} differing, "
        f"{without} equal doubles while one works on a partition, "
        f"{counts.doubles - without} while two do; {found.findings} findings of verify; "
        f"{crew.deaths_per_minute:.0f} deaths per minute\n"
    )
    return 1 if counts.lost + counts.differing + without + found.findings else 0


if __name__ == "__main__":
    main()
