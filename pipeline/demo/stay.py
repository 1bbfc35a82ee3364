"""`riskgate demo --keep`: leave everything running and print commands to try.

The market stays open, at its last prices, and the user gets an account of their own.
"""

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.demo.environment import Environment
from pipeline.demo.guest import ACCOUNT, GUEST_QUOTE, hand_over, open_account, quote
from pipeline.demo.market import Quote
from pipeline.demo.traders import RECKLESS
from pipeline.streams.settings import Settings, variable

__all__ = ["TRIES", "environment_text", "stay"]

QUOTE_SECONDS = 0.5  # At most a minute: older marks refuse orders.
# The settings a command needs to find the demo's topics and groups.
NAMES = ("brokers", "partitions", "topic_prefix", "group_prefix", "replication_factor")
TRIES = (
    "riskgate accounts",
    "riskgate stops --open",
    f"riskgate explain --account {RECKLESS} --refused --max 3",
    f"riskgate limits show {RECKLESS}",
    "riskgate report --from-kafka --out demo.html",
    "riskgate replay --from-kafka",
    "riskgate halt momentum-01 --author me --reason 'a try'",
)


def stay(environment: Environment, last: Iterable[Quote], report: Callable[[str], None]) -> None:
    """Print commands to try and wait for Ctrl-C. Raise DemoError when a role exits.

    last: the quotes that the market ended with.
    """
    quotes = [*last, GUEST_QUOTE]
    hand_over(environment)
    open_account(environment, lambda: quote(environment, quotes))
    for process in environment.roles.processes:
        report(f"{process.name}: {process.url}/metrics, log {process.log}")
    file = environment.folder / "environment"
    file.write_text(environment_text(environment.settings))
    report(f"account {ACCOUNT} and {GUEST_QUOTE.symbol} are yours to trade: docs/strategies.md")
    lines = [f". {shlex.quote(str(file))}", *TRIES]
    report(
        "\n    ".join(["in another terminal, run the first line, then any of the others:", *lines])
    )
    # A shell makes a background job (&) ignore Ctrl-C, so name the kill command, too.
    report(f"everything runs until you press Ctrl-C here, or run: kill {os.getpid()}")
    try:
        while True:
            environment.roles.check()
            quote(environment, quotes)
            time.sleep(QUOTE_SECONDS)
    except KeyboardInterrupt:
        report("stopping")


def environment_text(settings: Settings) -> str:
    """Return shell code that points riskgate commands at this demo."""
    exports = " ".join(
        f"{variable(name)}={shlex.quote(str(getattr(settings, name)))}" for name in NAMES
    )
    programs = shlex.quote(str(Path(sys.prefix) / "bin"))
    return f'export {exports}\nexport PATH={programs}:"$PATH"\n'
