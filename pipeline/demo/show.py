"""The whole of `riskgate demo`: set up, trade, check, report, tear down."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from pipeline.demo.checks import (
    Finding,
    accounts_finding,
    answers_finding,
    dead_letters_finding,
    read_answers,
    replay_finding,
)
from pipeline.demo.environment import Environment
from pipeline.demo.kafka_io import DemoError
from pipeline.demo.market import Day, load_days
from pipeline.demo.report import print_report
from pipeline.demo.session import HISTORY_DAYS, Session
from pipeline.demo.stay import stay
from pipeline.demo.traders import make_traders
from pipeline.demo.view import View

__all__ = ["run_demo"]

DAYS = 480
PAIRS = 11  # Accounts of each of the two strategies.
FAILED = 1


def run_demo(*, keep: bool, trading_days: int = DAYS) -> int:
    """Run the whole system and return 0 when every check passes.

    keep: leave everything running afterwards until Ctrl-C or SIGTERM.
    """
    days = load_days(HISTORY_DAYS + trading_days)
    console = Console(highlight=False)
    progress = Progress(console)
    with ended_by_signals():
        try:
            return _run(progress, days, keep=keep)
        except KeyboardInterrupt:
            progress("interrupted; everything is stopped and removed")
        except DemoError as error:
            sys.stderr.write(f"riskgate: {error}\n")
        return FAILED


class Progress:
    """Print each step with the time since the start."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._started_s = time.monotonic()

    def __call__(self, text: str) -> None:
        seconds = time.monotonic() - self._started_s
        self.console.print(f"{seconds:6.1f} s  {text}", soft_wrap=True)


def _run(progress: Progress, days: list[Day], *, keep: bool) -> int:
    with Environment(progress) as environment:
        environment.roles.await_ready()
        progress("opening the market")
        session = Session(
            environment, days, traders=make_traders(PAIRS), view=View(progress.console)
        )
        session.run()
        if not keep:
            progress("stopping the roles")
            failed = environment.roles.stop()
            if failed:
                progress(f"{', '.join(failed)} did not exit cleanly")
        progress("reading everything back from Kafka")
        findings = _findings(environment, session)
        print_report(progress.console, session, findings)
        progress("done")
        if keep:
            stay(environment, session.quotes.values(), progress)
    return 0 if all(finding.good for finding in findings) else FAILED


def _findings(environment: Environment, session: Session) -> list[Finding]:
    return [
        answers_finding(session.ledger.sent_s.keys(), read_answers(environment.settings)),
        accounts_finding(session.venue_accounts, session.ledger.states),
        dead_letters_finding(environment.settings, expected=session.broken),
        replay_finding(environment.settings),
    ]


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Handle SIGTERM and SIGHUP like Ctrl-C, so that everything is torn down."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
