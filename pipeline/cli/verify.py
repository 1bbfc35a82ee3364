"""`riskgate verify`: judge every invariant that the topics show from outside."""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.histories import opened
from pipeline.cli.terminal import say
from pipeline.cli.times import moment_ms

if TYPE_CHECKING:
    from pipeline.verify.finding import Finding
    from pipeline.verify.summary import Summary

SHOWN_MAX = 5  # Findings of one invariant and account; one fault may break thousands of records.


def verify(
    file: Annotated[
        Path | None, typer.Argument(help="Recorded messages, one JSON line each; - for stdin.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Judge from this time on, such as 14:03, UTC.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Judge up to this time.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Judge what comes until Ctrl-C or SIGTERM.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print each finding, and the summary, as a JSON line.")
    ] = False,
    replay: Annotated[
        bool, typer.Option(help="Decide the log again and compare, byte for byte.")
    ] = True,
) -> None:
    """Judge sequences, chains, decisions, stops, money and replay from the topics alone."""
    logging.disable(logging.WARNING)  # Deciding again logs each stop; they are long known.
    if file is not None and (follow or from_ or to):
        raise typer.BadParameter("--follow, --from and --to need the topics in Kafka, not FILE")
    if follow and to:
        raise typer.BadParameter("--follow has no end; leave out --to")
    if file is not None:
        found = _judge_file(file, replay=replay, json=json)
    else:
        found = _judge_kafka(_ms(from_), _ms(to), follow=follow, json=json, replay=replay)
    raise typer.Exit(exit_codes.DIFFERENT if found else exit_codes.OK)


def _ms(text: str | None) -> int | None:
    return None if text is None else moment_ms(text, int(time.time() * 1000))


def _judge_file(file: Path, *, replay: bool, json: bool) -> int:
    from pipeline.verify.files import judge_lines, judges_of_lines
    from pipeline.verify.summary import summary_of

    with opened(file) as lines:
        judges = judges_of_lines(lines, replay=replay)
    found = _print(judge_lines(judges), json=json)
    return _print_summary(summary_of(judges, found), json=json)


def _judge_kafka(
    from_ms: int | None, to_ms: int | None, *, follow: bool, json: bool, replay: bool
) -> int:
    from pipeline.streams.clients.broker import Broker
    from pipeline.streams.settings import Settings
    from pipeline.verify.kafka import KafkaReading, Stretch
    from pipeline.verify.summary import summary_of

    broker = Broker(Settings.from_environment())
    with broker.sentences():
        reading = KafkaReading(broker, Stretch(from_ms, to_ms, replay))
        with closing(reading):
            findings = reading.follow(_stopped()) if follow else reading.judge_all()
            found = _print(findings, json=json)
    return _print_summary(summary_of(reading.judges, found), json=json)


def _stopped() -> Callable[[], bool]:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped.is_set


def _print(findings: "Iterable[Finding]", *, json: bool) -> int:
    """Print findings as they come and return how many there are."""
    import msgspec

    counts: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        key = finding.invariant, finding.account_id
        counts[key] += 1
        if counts[key] <= SHOWN_MAX:
            say(msgspec.json.encode(finding).decode() if json else finding.sentence())
    for (invariant, account_id), count in counts.items():
        if count > SHOWN_MAX and not json:
            say(f"{invariant}: {account_id}: {count - SHOWN_MAX} more findings like these")
    return counts.total()


def _print_summary(summary: "Summary", *, json: bool) -> int:
    import msgspec

    from pipeline.verify.summary import sentences

    lines: Iterator[str] = sentences(summary)
    say(msgspec.json.encode({"summary": summary}).decode() if json else "\n".join(lines))
    return summary.findings
