"""`riskgate alerts`: what riskgate wants a person to look at."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.reading import AsJson, Follow, From, Most, To, is_json, period

if TYPE_CHECKING:
    from msgspec import Struct


class Level(StrEnum):
    """Levels of alerts, least serious first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def alerts(
    account: Annotated[str | None, typer.Option(help="Only alerts about this account.")] = None,
    level: Annotated[Level, typer.Option(help="Only alerts at least this serious.")] = Level.LOW,
    rule: Annotated[str | None, typer.Option(help="Only alerts of this rule.")] = None,
    begin: From = "24h",
    end: To = None,
    most: Most = 50,
    follow: Follow = False,
    as_json: AsJson = None,
) -> None:
    """Show alerts, newest first."""
    from pipeline.cli.listing import Listing, show
    from pipeline.cli.record_text import ALERT_COLUMNS, alert_cells
    from topics.alerts import Alert

    levels = list(Level)
    serious = set(levels[levels.index(level) :])

    def wanted(message: "Struct") -> bool:
        assert isinstance(message, Alert)
        return Level(message.level) in serious and rule in {None, message.rule}

    within = period(begin, end)
    listing = Listing("alerts", ALERT_COLUMNS, alert_cells, wanted, within, account, most)
    show(listing, follow=follow, as_json=is_json(as_json))
