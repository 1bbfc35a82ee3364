"""`riskgate halt | reduce | resume | flatten`: what a person orders for an account."""

import time
import uuid
from typing import Annotated, Literal, NamedTuple

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say
from pipeline.cli.times import duration_ms

EVERYONE = "*"

# A list, so that what the shell makes of an unquoted * is told from one account.
Account = Annotated[
    list[str], typer.Argument(metavar="ACCOUNT", help="Account; '*', in quotes, is every account.")
]
Author = Annotated[str, typer.Option(help="Who orders it.")]
Reason = Annotated[str, typer.Option(help="Why.")]
ExpiresIn = Annotated[
    str | None,
    typer.Option(help="Not to act when it arrives later, by this machine's clock: 30s, 5m, 2h."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Also for an account that has no row in account_states.")
]
StopId = Annotated[str, typer.Option(help="The stop that it lifts, as emergency_stops names it.")]


def halt(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
) -> None:
    """Cancel all orders, refuse everything but exits."""
    _order(Order("halt", _one(account), expires_in, force), author=author, reason=reason)


def reduce(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
) -> None:
    """Refuse everything that adds risk."""
    _order(Order("reduce", _one(account), expires_in, force), author=author, reason=reason)


def flatten(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
) -> None:
    """Halt, and close every position."""
    _order(Order("flatten", _one(account), expires_in, force), author=author, reason=reason)


def resume(
    account: Account,
    author: Author,
    reason: Reason,
    stop_id: StopId,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
) -> None:
    """Lift one stop."""
    order = Order("resume", _one(account), expires_in, force, stop_id)
    _order(order, author=author, reason=reason)


class Order(NamedTuple):
    """What is ordered for whom."""

    command: Literal["halt", "reduce", "resume", "flatten"]
    account: str
    expires_in: str | None
    force: bool
    stop_id: str | None = None


def _one(accounts: list[str]) -> str:
    """Return the one account that is named."""
    if len(accounts) > 1:
        raise typer.BadParameter(
            f"name one account, not {len(accounts)}; '*' needs its quotes, or the shell makes the "
            "names of files of it"
        )
    return accounts[0]


def _doubt(account: str) -> str | None:
    """Refuse an account that is not known; return what to say when that cannot be found out."""
    from pipeline.streams.broker import BrokerError
    from pipeline.streams.known_accounts import is_known
    from pipeline.streams.settings import Settings

    try:
        known = is_known(Settings.from_environment(), account)
    except BrokerError as error:  # Holds nothing up: it may be an emergency.
        return f"Whether there is an account {account} could not be found out: {error}"
    if not known:
        say(
            f"riskgate: no event of an account {account} was ever decided, so nothing was written; "
            "correct the name ('*' needs its quotes), or write it all the same with --force",
            err=True,
        )
        raise typer.Exit(exit_codes.MISUSE)
    return None


def _order(order: Order, *, author: str, reason: str) -> None:
    from pipeline.cli.messages import checked
    from pipeline.streams.broker import Broker
    from pipeline.streams.settings import Settings
    from topics.controls import TOPIC, Control

    now_ms = time.time_ns() // 1_000_000
    expires_in = order.expires_in
    control = Control(
        control_id=f"{order.command}-{uuid.uuid4().hex}",
        account_id=order.account,
        command=order.command,
        author=author,
        reason=reason,
        issued_at_ms=now_ms,
        expires_at_ms=None if expires_in is None else now_ms + duration_ms(expires_in),
        stop_id=order.stop_id,
    )
    value = checked(TOPIC, control)
    doubt = None if order.force or order.account == EVERYONE else _doubt(order.account)
    broker = Broker(Settings.from_environment())
    address = broker.publish(TOPIC.name, key=order.account, value=value)
    say(
        f"{control.control_id} is offset {address.offset} of partition {address.partition} "
        f"of {address.topic}."
    )
    if doubt is not None:
        say(doubt, err=True)
