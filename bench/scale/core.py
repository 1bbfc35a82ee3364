"""What more positions of one account cost the core, and what each role imports."""

import subprocess
from collections.abc import Iterator
from decimal import setcontext

from bench.core import CoreBench, usual_rules
from bench.peers.gate_cost import best_us, ways
from pipeline.risk.numbers import MONEY
from pipeline.risk.state import save_account
from pipeline.streams.roles.children import python_command

__all__ = ["imports_table", "positions_table"]

POSITIONS = (1, 10, 100, 1000)
IMPORTS = {
    "a client: `riskgate`": "riskgate",
    "ingest": "pipeline.streams.roles.ingest.ingest",
    "risk": "pipeline.streams.roles.decide.decide",
    "broadcast": "pipeline.streams.roles.broadcast.broadcast",
    "a role as it starts": "pipeline.streams.roles.workers",
}
IMPORTING = """
import sys, time
began = time.process_time()
__import__(sys.argv[1])
spent = time.process_time() - began
rss = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(spent * 1000, int(rss.split()[1]) / 1024)
"""


def positions_table(signals: int) -> Iterator[str]:
    """Measure the core as it is installed, and return the lines of the table."""
    setcontext(MONEY)  # As a worker does.
    yield "| positions of the account | step, us of CPU | step and encode | state, bytes |"
    yield "|---|---|---|---|"
    for count in POSITIONS:
        bench = CoreBench(usual_rules(), positions=count)
        assert bench.account is not None
        arrivals = bench.signals(signals)
        step_us, written_us = (best_us(way, arrivals, signals) for way in ways(bench)[:2])
        size = len(save_account(bench.account))
        yield f"| {count:,} | {step_us:.1f} | {written_us:.1f} | {size:,} |"


def imports_table() -> Iterator[str]:
    """Measure a process for each import, and return the lines of the table."""
    yield "| import | ms of CPU | memory, MiB |"
    yield "|---|---|---|"
    for name, module in IMPORTS.items():
        done = subprocess.run(
            python_command("-c", IMPORTING, module), capture_output=True, text=True, check=True
        )
        spent_ms, resident = done.stdout.split()
        yield f"| {name} | {float(spent_ms):.0f} | {float(resident):.0f} |"
