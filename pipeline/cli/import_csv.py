"""`riskgate import-csv`: prices, signals and fills out of files, for replay and sweep."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.paper import openings_of
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.backtest.csv_rows import Names

File = Annotated[Path | None, typer.Option(help="CSV, or Parquet with the extra parquet.")]


def import_csv(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="File to write; .gz is gzipped.")],
    prices: File = None,
    signals: File = None,
    fills: File = None,
    orders: File = None,
    positions: File = None,
    accounts: File = None,
    instruments: File = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="TOPIC.FIELD=COLUMN", help="Column of a field."),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TOPIC.FIELD=VALUE",
            help="Value where a column or cell is missing; {line} is the number of the line.",
        ),
    ] = None,
    open_: Annotated[
        list[str] | None,
        typer.Option("--open", metavar="ACCOUNT=AMOUNT", help="Open an account at the beginning."),
    ] = None,
    currency: Annotated[str, typer.Option(help="Currency of the openings.")] = "USD",
) -> None:
    """Write files of prices, signals, fills and more as recorded inputs, in the order of time.

    Columns have the names of the topics' fields unless --map names others. A file with a bad cell
    writes nothing and names its line and column.
    """
    files = {
        "instruments": instruments, "accounts": accounts, "prices": prices, "positions": positions,
        "signals": signals, "orders": orders, "fills": fills,
    }  # fmt: skip
    _import(out, files, _names(map_ or [], default or []), open_ or [], currency)


def _import(
    out: Path,
    files: dict[str, Path | None],
    names: "dict[str, Names]",
    opened: list[str],
    currency: str,
) -> None:
    from pipeline.backtest.csv_rows import Names
    from pipeline.backtest.importing import Opening, Source, import_files
    from pipeline.outputs.words import count

    for topic in names:
        if files.get(topic) is None:
            raise typer.BadParameter(f"--map and --default name {topic}, but no --{topic} is given")
    sources = [
        Source(topic, path, names.get(topic, Names()))
        for topic, path in files.items()
        if path is not None
    ]
    openings = [Opening(name, amount, currency) for name, amount in openings_of(opened).items()]
    counts = import_files(sources, openings, out)
    named = (count(n, topic.removesuffix("s")) for topic, n in counts.items())
    say(f"{out} holds {', '.join(named)}.")


def _names(columns: list[str], defaults: list[str]) -> "dict[str, Names]":
    from pipeline.backtest.csv_rows import Names

    mapped, given = _by_topic(columns, "--map"), _by_topic(defaults, "--default")
    return {topic: Names(mapped.get(topic, {}), given.get(topic, {})) for topic in mapped | given}


def _by_topic(texts: list[str], option: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        topic, dot, field = name.partition(".")
        if not (topic and dot and field and equals and value):
            raise typer.BadParameter(
                f"{option} {text!r} is not TOPIC.FIELD=…, as in {option} fills.price=Price"
            )
        found.setdefault(topic, {})[field] = value
    return found
