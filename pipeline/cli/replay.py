"""`riskgate replay`: decide recorded inputs again, from a file or from the log in Kafka."""

import gc
import logging
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.histories import InitialLimits, RecordedFile, check_sources, opened
from pipeline.cli.replay_file import Wanted, replay_file
from pipeline.cli.terminal import say

FromKafka = Annotated[
    bool, typer.Option("--from-kafka", help="Replay the log in Kafka, compare its outputs.")
]
Day = Annotated[
    str | None,
    typer.Option(help="Of an archive: only this day, from the snapshots of the day before."),
]
Against = Annotated[
    Path | None, typer.Option(help="Show what these limits would have decided differently.")
]
Json = Annotated[
    Path | None,
    typer.Option(help="With --against: every difference; with --summary: the summary."),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="RULE.PARAMETER=VALUE",
        help="What if every limits document had this; can be repeated.",
    ),
]
WithSummary = Annotated[bool, typer.Option("--summary", help="Print what it came to on stderr.")]
OutFile = Annotated[
    Path | None,
    typer.Option(help="Write the lines to this file instead of stdout; .gz is gzipped."),
]


def replay(
    file: RecordedFile = None,
    limits: InitialLimits = None,
    from_kafka: FromKafka = False,
    day: Day = None,
    against: Against = None,
    json: Json = None,
    set_: Parameters = None,
    summary: WithSummary = False,
    out: OutFile = None,
) -> None:
    """Decide recorded inputs again without affecting any account."""
    logging.disable(logging.WARNING)  # Risk logs each stop; here stops are lines of the output.
    check_sources(file, limits, from_kafka=from_kafka)
    if json and not (against or summary):
        raise typer.BadParameter("--json needs --against or --summary")
    is_archive = file is not None and file.is_dir()
    if day is not None and not is_archive:
        raise typer.BadParameter("--day needs an archive")
    wanted = Wanted(tuple(set_ or ()), json if summary else None, out, summary=summary)
    if wanted != Wanted() and (file is None or is_archive or against):
        raise typer.BadParameter(
            "--set, --summary and --out need a FILE and no --against; write the log in Kafka to a "
            "file with: riskgate record FILE"
        )
    if is_archive and (against or limits or json):
        raise typer.BadParameter("an archive has its own limits and is compared with itself")
    if against is not None:
        _replay_against(file, against, limits=limits, json=json)
    elif file is None:
        _replay_log()
    elif is_archive:
        _replay_archive(file, day)
    else:
        gc.freeze()  # What is imported stays: scanning it with every collection costs a tenth.
        replay_file(file, limits, wanted)


def _replay_log() -> None:
    from pipeline.replay.log import compare_with_kafka
    from pipeline.streams.settings import Settings

    differences = compare_with_kafka(Settings.from_environment())
    raise typer.Exit(exit_codes.DIFFERENT if differences else exit_codes.OK)


def _replay_archive(folder: Path, day: str | None) -> None:
    from pipeline.archive.again import TAPES, decide_again
    from pipeline.replay.findings import describe
    from pipeline.rules_version import rules_version

    counts = decide_again(folder, day)
    for line in describe(counts, rules_version(), topics=TAPES):
        say(line)
    raise typer.Exit(exit_codes.DIFFERENT if counts.different.total() else exit_codes.OK)


def _replay_against(
    file: Path | None, against: Path, *, limits: Path | None, json: Path | None
) -> None:
    from pipeline.cli.otherwise_text import print_otherwise, write_json
    from pipeline.replay.against import file_against, log_against
    from pipeline.streams.settings import Settings

    if file is None:
        found = log_against(Settings.from_environment(), against)
    else:
        with opened(file) as lines:
            found = file_against(lines, against, limits=limits)
    print_otherwise(found)
    if json is not None:
        write_json(found, json)
    raise typer.Exit(exit_codes.DIFFERENT if found.differences else exit_codes.OK)
