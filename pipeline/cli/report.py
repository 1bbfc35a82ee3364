"""`riskgate report`: performance and tail risk of accounts as one HTML page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.histories import InitialLimits, RecordedFile, check_sources, opened
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.report.history import Histories

DAY_MS = 86_400_000


def report(
    file: RecordedFile = None,
    limits: InitialLimits = None,
    from_kafka: Annotated[
        bool, typer.Option("--from-kafka", help="Report on the log in Kafka.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("riskgate-report.html"),
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; can be repeated.")
    ] = None,
    confidence: Annotated[
        float,
        typer.Option(
            min=0.5, max=0.9999, help="Confidence of value at risk and expected shortfall."
        ),
    ] = 0.99,
    period_ms: Annotated[
        int, typer.Option(min=1000, help="Period over which returns are measured, in milliseconds.")
    ] = DAY_MS,
) -> None:
    """Report performance and tail risk of accounts as one HTML page that opens offline."""
    check_sources(file, limits, from_kafka=from_kafka)
    histories = _histories(file, limits, period_ms=period_ms)
    unknown = [name for name in account or () if name not in histories.accounts]
    if account:
        kept = {name: found for name, found in histories.accounts.items() if name in account}
        histories.accounts = kept
    source = "From the recorded log." if file is None else f"From {file.name}."
    _write(out, histories, source=source, confidence=confidence)
    say(f"{out} covers {len(histories.accounts)} accounts.")
    for name in unknown:
        say(f"riskgate: account {name} has no recorded event", err=True)
    if unknown:
        raise typer.Exit(exit_codes.DIFFERENT)


def _histories(file: Path | None, limits: Path | None, *, period_ms: int) -> "Histories":
    from pipeline.report.sources import histories_of_file, histories_of_log
    from pipeline.streams.settings import Settings

    if file is None:
        return histories_of_log(Settings.from_environment(), period_ms=period_ms)
    with opened(file) as lines:
        return histories_of_file(lines, limits=limits, period_ms=period_ms)


def _write(out: Path, histories: "Histories", *, source: str, confidence: float) -> None:
    from pipeline.errors import StartupError
    from pipeline.report.page import Basis, page

    try:
        out.write_text(page(histories, Basis(source=source, confidence=confidence)), "utf-8")
    except OSError as error:
        raise StartupError(f"{out} cannot be written ({error.strerror}); name another") from error
