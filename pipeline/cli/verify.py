"""`riskgate verify`: judge every invariant that the topics show from outside."""

import logging
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.histories import opened
from pipeline.cli.reading import MaybeFrom, To, period
from pipeline.cli.terminal import say
from pipeline.cli.times import duration_ms

if TYPE_CHECKING:
    from pipeline.verify.finding import Finding
    from pipeline.verify.kafka import Stretch
    from pipeline.verify.summary import Summary

ONLY_KAFKA = "--follow, --from, --to and --grace need the topics in Kafka, not FILE"
SHOWN_MAX = 5  # Findings of one invariant and account; one fault may break thousands of records.

Grace = Annotated[
    str | None,
    typer.Option(help="How long a signal in Kafka may wait for its decision.  [default: 60s]"),
]


def verify(
    file: Annotated[
        Path | None,
        typer.Argument(help="Recorded messages, one JSON line each, - for stdin; or an archive."),
    ] = None,
    begin: MaybeFrom = None,
    end: To = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Judge what comes until Ctrl-C or SIGTERM.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print each finding, and the summary, as a JSON line.")
    ] = False,
    replay: Annotated[
        bool, typer.Option(help="Decide the log again and compare, byte for byte.")
    ] = True,
    signed_by: Annotated[
        Path | None,
        typer.Option(metavar="PUBLIC.pem", help="Each day of the archive must be signed by it."),
    ] = None,
    grace: Grace = None,
) -> None:
    """Judge sequences, chains, decisions, stops, money and replay from the topics alone."""
    logging.disable(logging.WARNING)  # Deciding again logs each stop; they are long known.
    if file is not None and (follow or begin or end or grace):
        raise typer.BadParameter(ONLY_KAFKA)
    if follow and end:
        raise typer.BadParameter("--follow has no end; leave out --to")
    if signed_by and not (file is not None and file.is_dir()):
        raise typer.BadParameter("--signed-by needs the folder of an archive")
    if file is not None and file.is_dir():
        found = _judge_archive(file, signed_by, json=json)
    elif file is not None:
        found = _judge_file(file, replay=replay, json=json)
    else:
        stretch = _stretch(begin, end, replay=replay, grace=grace)
        found = _judge_kafka(stretch, follow=follow, json=json)
    raise typer.Exit(exit_codes.DIFFERENT if found else exit_codes.OK)


def _judge_archive(folder: Path, signed_by: Path | None, *, json: bool) -> int:
    """Name every file of an archive that changed, is gone or was added; return how many."""
    import msgspec

    from pipeline.archive.manifest import MANIFEST, broken, days_of, digest_of

    found = list(broken(folder))
    if signed_by is not None:
        from pipeline.archive.signing import public_key, unsigned

        found += unsigned(folder, public_key(signed_by))
    for sentence in found:
        say(msgspec.json.encode({"archive": sentence}).decode() if json else sentence)
    days = days_of(folder)
    if not days:
        say(f"riskgate: {folder} holds no day; write it with: riskgate archive", err=True)
        raise typer.Exit(exit_codes.MISUSE)
    if not found:
        digest = digest_of(folder / days[-1] / MANIFEST)
        whole = f"{folder} is whole from {days[0]} to {days[-1]}; its last manifest is {digest}"
        if signed_by is not None:
            whole += f", and all are signed by {signed_by}"
        say(msgspec.json.encode({"whole": whole}).decode() if json else whole)
    return len(found)


def _judge_file(file: Path, *, replay: bool, json: bool) -> int:
    from pipeline.verify.files import judge_lines, judges_of_lines
    from pipeline.verify.summary import summary_of

    with opened(file) as lines:
        judges = judges_of_lines(lines, replay=replay)
    found = _print(judge_lines(judges), json=json)
    return _print_summary(summary_of(judges, found), json=json)


def _stretch(begin: str | None, end: str | None, *, replay: bool, grace: str | None) -> "Stretch":
    from pipeline.verify.kafka import Stretch

    stretch = Stretch(*period(begin, end), replay)
    return stretch if grace is None else stretch._replace(grace_ms=duration_ms(grace))


def _judge_kafka(stretch: "Stretch", *, follow: bool, json: bool) -> int:
    from pipeline.streams.clients.broker import Broker
    from pipeline.streams.settings import Settings
    from pipeline.verify.kafka import KafkaReading
    from pipeline.verify.summary import summary_of

    broker = Broker(Settings.from_environment())
    with broker.sentences():
        reading = KafkaReading(broker, stretch)
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
