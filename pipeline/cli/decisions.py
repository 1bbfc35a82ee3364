"""`riskgate decisions`: what riskgate answered, live or of a period."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.reading import AsJson, Follow, From, Most, To, is_json, period

if TYPE_CHECKING:
    from msgspec import Struct


class Verdict(StrEnum):
    """Verdicts, and the two other kinds of messages that engines obey."""

    APPROVED = "approved"
    MODIFIED = "modified"
    REJECTED = "rejected"
    IGNORED = "ignored"
    EXIT = "exit"
    STOP = "stop"


def decisions(
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    verdict: Annotated[
        list[Verdict] | None,
        typer.Option(help="Only this verdict; exit and stop are no verdicts but come here, too."),
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Only decisions in which it breached.")] = None,
    begin: From = "1h",
    end: To = None,
    most: Most = 50,
    follow: Follow = False,
    as_json: AsJson = None,
) -> None:
    """Show decisions, exits and stops, newest first; why in full: riskgate explain SIGNAL."""
    from pipeline.cli.listing import Listing, show
    from pipeline.cli.record_text import DECISION_COLUMNS, decision_cells
    from topics.decisions import Decision, Exit

    def wanted(message: "Struct") -> bool:
        if isinstance(message, Decision):
            kind, reasons = Verdict(message.verdict), message.reasons
        else:
            kind, reasons = Verdict.EXIT if isinstance(message, Exit) else Verdict.STOP, ()
        return (not verdict or kind in verdict) and (rule is None or rule in reasons)

    within = period(begin, end)
    listing = Listing("decisions", DECISION_COLUMNS, decision_cells, wanted, within, account, most)
    show(listing, follow=follow, as_json=is_json(as_json))
