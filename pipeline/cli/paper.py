"""`riskgate paper`: a dry run on real topics, at a venue that fills at current quotes."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.numbers import exact
from pipeline.errors import StartupError

if TYPE_CHECKING:
    from pipeline.paper.run import DryRun

RATIO = "as a fraction: 0.0005 is 5 basis points"


def paper(
    openings: Annotated[
        list[str] | None,
        typer.Option(
            "--open", metavar="ACCOUNT=AMOUNT", help="Open an account that has no balance yet."
        ),
    ] = None,
    currency: Annotated[str, typer.Option(help="Currency of the openings.")] = "USD",
    fee: Annotated[str, typer.Option(help=f"Fee of the notional, {RATIO}.")] = "0",
    slippage: Annotated[str, typer.Option(help=f"Most that a price is worse, {RATIO}.")] = "0",
    latency_ms: Annotated[
        int, typer.Option(min=0, max=60_000, help="Time to a fill, half to twice as long.")
    ] = 0,
    parts: Annotated[int, typer.Option(min=1, max=100, help="Most parts of an order.")] = 1,
    reject: Annotated[float, typer.Option(min=0, max=1, help="Share of rejected entries.")] = 0.0,
    quote_age: Annotated[str, typer.Option(help="Oldest quote that fills: 30s, 1m.")] = "60s",
) -> None:
    """Be the execution engine of a dry run: fill every approved order at the quote, on paper.

    Decisions come from Kafka, reports go there. It refuses a topic prefix where another engine
    reports orders. After a restart it goes on with the orders that still work.
    """
    from pipeline.cli.times import duration_ms
    from pipeline.paper.run import DryRun
    from pipeline.paper.terms import Terms

    terms = Terms(
        fee_ratio=exact(fee, "--fee"),
        slippage_ratio_max=exact(slippage, "--slippage"),
        latency_ms=(latency_ms // 2, latency_ms * 2),
        pieces_max=parts,
        rejected_share=reject,
    )
    age_ms_max, opened = duration_ms(quote_age), openings_of(openings or ())
    _run(DryRun(terms=terms, quote_age_ms_max=age_ms_max, openings=opened, currency=currency))


def _run(run: "DryRun") -> None:
    from pipeline.cli.exit_codes import DIFFERENT
    from pipeline.cli.terminal import say
    from pipeline.paper.run import run_paper
    from pipeline.streams.settings import Settings
    from riskgate.writers import DeliveryError

    try:
        run_paper(Settings.from_environment(), run, say=say)
    except DeliveryError as error:
        say(f"riskgate: {error}; start riskgate paper again, it goes on where it was", err=True)
        raise typer.Exit(DIFFERENT) from error


def openings_of(texts: Iterable[str]) -> dict[str, Decimal]:
    openings = {}
    for text in texts:
        account_id, equals, amount = text.partition("=")
        if not equals:
            raise StartupError(f"--open {text}: expected ACCOUNT=AMOUNT, such as acct-1=100000")
        openings[account_id] = exact(amount, f"--open {account_id}")
    return openings
