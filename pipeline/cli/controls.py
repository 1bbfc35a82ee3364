"""`riskgate halt | reduce | resume | flatten`: what a person orders for an account."""

import time
import uuid
from typing import Annotated, Literal

import typer

from pipeline.cli.times import duration_ms

Account = Annotated[str, typer.Argument(help="Account; '*' is every account.")]
Author = Annotated[str, typer.Option(help="Who orders it.")]
Reason = Annotated[str, typer.Option(help="Why.")]
ExpiresIn = Annotated[
    str | None, typer.Option(help="Not to act when it arrives later: 30s, 5m, 2h.")
]
StopId = Annotated[str, typer.Option(help="The stop that it lifts, as emergency_stops names it.")]


def halt(account: Account, author: Author, reason: Reason, expires_in: ExpiresIn = None) -> None:
    """Cancel all orders, refuse everything but exits."""
    _order("halt", account, author=author, reason=reason, expires_in=expires_in)


def reduce(account: Account, author: Author, reason: Reason, expires_in: ExpiresIn = None) -> None:
    """Refuse everything that adds risk."""
    _order("reduce", account, author=author, reason=reason, expires_in=expires_in)


def flatten(account: Account, author: Author, reason: Reason, expires_in: ExpiresIn = None) -> None:
    """Halt, and close every position."""
    _order("flatten", account, author=author, reason=reason, expires_in=expires_in)


def resume(
    account: Account, author: Author, reason: Reason, stop_id: StopId, expires_in: ExpiresIn = None
) -> None:
    """Lift one stop."""
    _order("resume", account, author=author, reason=reason, expires_in=expires_in, stop_id=stop_id)


def _order(
    command: Literal["halt", "reduce", "resume", "flatten"],
    account: str,
    *,
    author: str,
    reason: str,
    expires_in: str | None,
    stop_id: str | None = None,
) -> None:
    from pipeline.cli.messages import checked
    from pipeline.streams.broker import Broker
    from pipeline.streams.settings import Settings
    from topics.controls import TOPIC, Control

    now_ms = time.time_ns() // 1_000_000
    control = Control(
        control_id=f"{command}-{uuid.uuid4().hex}",
        account_id=account,
        command=command,
        author=author,
        reason=reason,
        issued_at_ms=now_ms,
        expires_at_ms=None if expires_in is None else now_ms + duration_ms(expires_in),
        stop_id=stop_id,
    )
    value = checked(TOPIC, control)
    broker = Broker(Settings.from_environment())
    address = broker.publish(TOPIC.name, key=account, value=value)
    typer.echo(
        f"{control.control_id} is offset {address.offset} of partition {address.partition} "
        f"of {address.topic}."
    )
