"""`riskgate sweep`: what a grid of limits would have made of one recorded history."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.histories import STDIN, InitialLimits
from pipeline.cli.reading import AsJson, is_json

Grid = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="RULE.PARAMETER=VALUE,VALUE,…",
        help="Values to try; with several --set, every combination.",
    ),
]


def sweep(
    file: Annotated[Path, typer.Argument(help="Recorded inputs, or a log; .gz is gzipped.")],
    set_: Grid,
    limits: InitialLimits = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one per core.")
    ] = None,
    json: AsJson = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file as well.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw PnL over drawdown into this HTML file as well.")
    ] = None,
) -> None:
    """Decide a recorded history under every combination of values, and compare what it makes.

    Each line is the same as: riskgate replay FILE --set … --summary. The first is history itself.
    """
    from pipeline.backtest.sweep import jobs_for
    from pipeline.backtest.sweep import sweep as run
    from pipeline.cli.limits_values import assigned
    from pipeline.cli.sweep_text import Row, print_json, print_table, write_csv, write_plot
    from pipeline.cli.value_lists import grid_of

    if file == STDIN or file.is_dir():
        raise typer.BadParameter("a sweep reads its FILE several times: name a file of lines")
    names, points = grid_of(set_)
    rules = [
        assigned([f"{name}={value}" for name, value in zip(names, point, strict=True)])
        for point in points
    ]
    found = run(file, rules, limits=limits, jobs=jobs or jobs_for(len(points)))
    rows = [Row(point, summary) for point, summary in zip([None, *points], found, strict=True)]
    if csv is not None:
        write_csv(csv, names, rows)
    if plot is not None:
        write_plot(plot, names, rows, source=file.name)
    if is_json(json):
        print_json(names, rows)
    else:
        print_table(names, rows)
