"""`riskgate demo` from its first word to its last: set up, trade, check, tell, take down."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from pipeline.demo.checks import (
    Finding,
    answers_finding,
    books_finding,
    dead_letters_finding,
    read_answers,
    replay_finding,
)
from pipeline.demo.environment import Stage
from pipeline.demo.kafka_io import DemoError
from pipeline.demo.market import Day, load_days
from pipeline.demo.report import print_report
from pipeline.demo.session import HISTORY_DAYS, Session
from pipeline.demo.stay import stay
from pipeline.demo.traders import cast
from pipeline.demo.view import View

__all__ = ["run_demo"]

DAYS = 480
PAIRS = 11  # Accounts of each of the two strategies.
FAILED = 1


def run_demo(*, keep: bool) -> int:
    """Run the whole system and return 0 when every check holds; `keep` goes on until Ctrl-C."""
    days = load_days(HISTORY_DAYS + DAYS)
    console = Console(highlight=False)
    teller = Teller(console)
    with ended_by_signals():
        try:
            return _run(teller, days, keep=keep)
        except KeyboardInterrupt:
            teller("ended early; everything is taken down")
        except DemoError as error:
            sys.stderr.write(f"riskgate: {error}\n")
        return FAILED


class Teller:
    """Say what takes time, with the time since the start."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._started_s = time.monotonic()

    def __call__(self, text: str) -> None:
        seconds = time.monotonic() - self._started_s
        self.console.print(f"{seconds:6.1f} s  {text}", soft_wrap=True)


def _run(teller: Teller, days: list[Day], *, keep: bool) -> int:
    with Stage(teller) as stage:
        stage.crew.await_ready()
        teller("opening the market")
        session = Session(stage, days, traders=cast(PAIRS), view=View(teller.console))
        session.run()
        if not keep:
            teller("stopping the roles")
            failed = stage.crew.stop()
            if failed:
                teller(f"{', '.join(failed)} did not end well")
        teller("reading everything back")
        findings = _findings(stage, session)
        print_report(teller.console, session, findings)
        teller("done")
        if keep:
            stay(stage, teller)
    return 0 if all(finding.good for finding in findings) else FAILED


def _findings(stage: Stage, session: Session) -> list[Finding]:
    return [
        answers_finding(session.ledger.sent_s.keys(), read_answers(stage.settings)),
        books_finding(session.books, session.ledger.states),
        dead_letters_finding(stage.settings, expected=session.broken),
        replay_finding(stage.settings),
    ]


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does: everything is taken down."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
