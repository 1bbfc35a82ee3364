"""`riskgate engine-check`: play the contract against an execution engine and say what it breaks."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.numbers import positive

if TYPE_CHECKING:
    from riskgate.conformance.check import Finding
    from riskgate.conformance.play import Terms


def engine_check(
    venue: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:CLASS",
            help="Check this venue under riskgate's Engine, or an engine with obey and work, "
            "without Kafka.",
        ),
    ] = None,
    symbol: Annotated[str, typer.Option(help="Instrument that the venue trades.")] = "SP500",
    quantity: Annotated[str, typer.Option(help="Quantity of each order, in units.")] = "10",
    price: Annotated[
        str, typer.Option(help="Price near the market; limits that must rest are half of it.")
    ] = "2000",
    patience_ms: Annotated[
        int, typer.Option(min=100, max=600_000, help="Time that the engine has to answer.")
    ] = 5000,
) -> None:
    """Play every clause of docs/execution-engines.md against an engine; exit 1 if it breaks one.

    Without --venue the engine runs by itself, on topics of a prefix where no riskgate runs.
    """
    from pipeline.cli.exit_codes import DIFFERENT
    from riskgate.conformance.play import Terms

    terms = Terms(
        symbol=symbol,
        quantity=positive(quantity, "--quantity"),
        price=positive(price, "--price"),
        patience_ms=patience_ms,
    )
    findings = _on_kafka(terms) if venue is None else _in_process(venue, terms)
    if _show(findings):
        raise typer.Exit(DIFFERENT)


def _in_process(name: str, terms: "Terms") -> "Iterable[Finding]":
    from pipeline.errors import StartupError
    from riskgate.conformance.check import check
    from riskgate.conformance.load import LoadError, subject
    from riskgate.conformance.stage import InProcess

    try:
        engine = subject(name)
    except LoadError as error:
        raise StartupError(f"--venue {name}: {error}") from error
    return check(InProcess(engine), terms)


def _on_kafka(terms: "Terms") -> "Iterator[Finding]":
    from pipeline.errors import StartupError
    from pipeline.streams.clients.partitioner import partition_of
    from pipeline.streams.settings import Settings
    from riskgate.conformance.check import check
    from riskgate.conformance.kafka_stage import KafkaStage
    from riskgate.connection import Connection, UnavailableError

    settings = Settings.from_environment()
    connection = Connection(settings.brokers, settings.topic_prefix, settings.connection())
    try:
        yield from check(KafkaStage(connection, partition_of), terms)
    except UnavailableError as error:
        raise StartupError(str(error)) from error


def _show(findings: "Iterable[Finding]") -> bool:
    """Print a line per clause and what is wrong; return whether one is broken."""
    from pipeline.cli.terminal import say

    broken = unseen = held = 0
    for clause, sentences, why in findings:
        verdict = "BREAKS" if sentences else "unseen" if why else "holds"
        held += verdict == "holds"
        broken += verdict == "BREAKS"
        unseen += verdict == "unseen"
        say(f"{verdict:7} rule {clause.rule:2}  {clause.name}: {clause.must}")
        for sentence in (*sentences, *([why] if why else [])):
            say(f"{'':17}{sentence}")
    say(f"{held} clauses hold, {broken} are broken, {unseen} could not be seen")
    return bool(broken)
