"""Run worlds: `python -m tests.simulation FIRST:BEYOND`; exit with 1 when one is violated.

Every third seed has workers of ingest and broadcast beside those of risk.
"""

import logging
import os
import sys
import time
from collections import Counter

from pipeline.streams.roles.children import python_command
from tests.simulation.world import run

HASH_SEED = "0"  # Else the order of sets differs from process to process.


def in_fixed_order(module: str, *arguments: str) -> None:
    """Run a module in a Python in which sets have the same order each time, unless this is one."""
    if os.environ.get("PYTHONHASHSEED") != HASH_SEED:
        os.environ["PYTHONHASHSEED"] = HASH_SEED
        command = python_command("-m", module, *arguments)
        os.execv(command[0], command)
    logging.basicConfig(level=logging.CRITICAL if ":" in arguments[0] else logging.WARNING)


def main(seeds: str) -> int:
    """Run the worlds of some seeds and print a line for each that fails, and one for all."""
    first, _, beyond = seeds.partition(":")
    began_s, totals, failed, slowest_s = time.process_time(), Counter[str](), [], 0.0
    for seed in range(int(first), int(beyond or int(first) + 1)):
        report = run(seed)
        slowest_s = max(slowest_s, report.recovered_s)
        totals.update(worlds=1, signals=report.signals, events=report.events, lives=report.lives)
        totals.update(seconds=round(report.virtual_s), faults=report.faults.total())
        if report.violations or not beyond:
            sys.stdout.write(f"{report.sentence()}\n")
            for violation in report.violations[:5]:
                sys.stdout.write(f"  {violation}\n")
        if report.violations:
            failed.append(seed)
            sys.stdout.write(f"  again: make simulate SEEDS={seed}\n")
            sys.stdout.flush()
    spent_s = time.process_time() - began_s
    sys.stdout.write(
        f"{totals['worlds']} worlds, {totals['seconds']} s of them in {spent_s:.0f} s of CPU: "
        f"{totals['signals']} signals, {totals['events']} events, {totals['lives']} lives, "
        f"{totals['faults']} faults; slowest recovery {slowest_s:.1f} s; {len(failed)} violated\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    in_fixed_order("tests.simulation", sys.argv[1])
    sys.exit(main(sys.argv[1]))
