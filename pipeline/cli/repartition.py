"""`riskgate repartition`: more partitions for a deployment, under new topics."""

import logging
from typing import Annotated

import typer

from pipeline.cli.terminal import say


def repartition(
    partitions: Annotated[
        int, typer.Option("--partitions", help="Partitions from now on, a multiple of today's.")
    ],
    topic_prefix: Annotated[
        str | None,
        typer.Option("--topic-prefix", help="Prefix of the new topics; risk48. after risk."),
    ] = None,
    group_prefix: Annotated[
        str | None,
        typer.Option("--group-prefix", help="Prefix of the new groups; riskgate48 after riskgate."),
    ] = None,
    back: Annotated[
        bool,
        typer.Option("--back", help="Delete the new topics, and open the old ones again."),
    ] = False,
    no_replay: Annotated[
        bool,
        typer.Option("--no-replay", help="Do not decide the old log again to check its state."),
    ] = False,
) -> None:
    """Carry a stopped deployment over to new topics with more partitions."""
    from pipeline.repartition.back import go_back
    from pipeline.repartition.repartition import repartition as carry_over
    from pipeline.repartition.target import Names, Target
    from pipeline.streams.settings import Settings

    logging.disable(logging.WARNING)  # Risk logs each stop; they are long known.
    names = Names(partitions, topic_prefix, group_prefix)
    target = Target.of(Settings.from_environment(), names)
    if back:
        say(f"{go_back(target)} topics are deleted; the old ones take messages again.")
        return
    carried = carry_over(target, replay=not no_replay)
    if carried.was_done:
        say("Everything was carried over already.")
    else:
        say(f"{carried.accounts} accounts are carried over. The old topics take no messages.")
    say("Set for every role, command, strategy and engine, and start them:")
    say("\n".join([*(f"  {line}" for line in target.advice), f"Chart: {target.chart_values}"]))
