"""Who may order what, and whether an order comes from a form of ours that this person opened.

Pure apart from the key, which a process makes for itself: its forms end with it.
"""

import hashlib
import hmac
import secrets
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from pipeline.console.guard import User
from pipeline.streams.settings import Settings
from topics.fields import EVERYONE

__all__ = [
    "COMMANDS",
    "Command",
    "Form",
    "Forms",
    "Order",
    "is_allowed",
    "is_own_origin",
    "needs_name",
]

Command = Literal["halt", "reduce", "flatten", "resume"]
COMMANDS: tuple[Command, ...] = get_args(Command)
FORM_MS_MAX = 600_000  # What a form says will happen is no longer true for ever.


class Order(NamedTuple):
    """What a person wants the gate to do."""

    command: Command
    account: str
    stop_id: str = ""


def is_allowed(settings: Settings, user: User, order: Order) -> bool:
    """Whether a person may order this: operators most of it, approvers all of it."""
    if not settings.console_write or not user.name:
        return False
    if user.groups & set(settings.console_approvers):
        return True
    is_operator = bool(user.groups & set(settings.console_operators))
    return is_operator and not needs_name(order)


def needs_name(order: Order) -> bool:
    """Whether a person types the account's name first: it closes positions, or is of everybody."""
    return order.command == "flatten" or order.account == EVERYONE


def is_own_origin(origin: str | None, host: str | None) -> bool:
    """Whether a form came from a page of the host that it is sent to; no origin is not ours."""
    if not origin or not host:
        return False
    parts = urlsplit(origin)
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()


class Form(NamedTuple):
    """Whose form it is, and for what."""

    session: str  # Value of the cookie.
    user: User
    order: Order


class Forms:
    """Makes and checks the tokens of forms, each for one person, cookie and order."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, form: Form, *, now_ms: int) -> str:
        """Return the token of a form."""
        return f"{now_ms}.{self._sign(form, now_ms)}"

    def holds(self, token: str, form: Form, *, now_ms: int) -> bool:
        """Whether a token is ours, of this person and order, and not too old."""
        made_ms, _, signed = token.partition(".")
        if not (form.session and made_ms.isascii() and made_ms.isdigit() and len(made_ms) < 20):
            return False
        expected = self._sign(form, int(made_ms))
        is_ours = hmac.compare_digest(signed.encode(), expected.encode())
        return is_ours and 0 <= now_ms - int(made_ms) <= FORM_MS_MAX

    def _sign(self, form: Form, made_ms: int) -> str:
        # Zero bytes part the fields: none of them can contain one and be an id of ours.
        text = "\0".join((form.session, form.user.name, *form.order, str(made_ms)))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
