"""Who may order what, and whether an order comes from a form of ours that this person opened.

Pure apart from the key, which a process makes for itself: its forms end with it.
"""

import hashlib
import hmac
import secrets
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from pipeline.outputs.words import count
from pipeline.streams.settings import Settings
from pipeline.web.guard import User
from topics.fields import EVERYONE

__all__ = [
    "COMMANDS",
    "Command",
    "Form",
    "Forms",
    "Order",
    "Target",
    "is_allowed",
    "is_own_origin",
    "may_limit",
    "needs_name",
]

Command = Literal["halt", "reduce", "flatten", "resume", "acknowledge"]
COMMANDS: tuple[Command, ...] = get_args(Command)
FORM_MS_MAX = 600_000  # What a form says will happen is no longer true for ever.


class Target(NamedTuple):
    """An account that an order is for, and the stop of it that a resume lifts."""

    account: str
    stop_id: str = ""


class Order(NamedTuple):
    """What a person wants the gate to do."""

    command: Command
    targets: tuple[Target, ...]

    @classmethod
    def of(cls, command: Command, *accounts: str) -> "Order":
        """Return an order for some accounts."""
        return cls(command, tuple(map(Target, accounts)))

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts, each once."""
        return tuple(dict.fromkeys(target.account for target in self.targets))

    @property
    def signed(self) -> tuple[str, ...]:
        """What its form is bound to."""
        return (self.command, *(each for target in self.targets for each in target))

    @property
    def typed(self) -> str:
        """What a person types to confirm it: the account, or how many there are."""
        accounts = self.accounts
        return accounts[0] if len(accounts) == 1 else count(len(accounts), "account")


def is_allowed(settings: Settings, user: User, order: Order) -> bool:
    """Whether a person may order this: operators most of it, approvers all of it."""
    if not settings.console_write or not user.name:
        return False
    if user.groups & set(settings.console_approvers):
        return True
    is_operator = bool(user.groups & set(settings.console_operators))
    return is_operator and not needs_name(order)


def may_limit(settings: Settings, user: User, act: str) -> bool:
    """Whether a person may change limits: operators propose, approvers also publish and approve."""
    if not settings.console_write or not user.name:
        return False
    groups = {*settings.console_approvers}
    if act == "propose":
        groups |= {*settings.console_operators}
    return bool(user.groups & groups)


def needs_name(order: Order) -> bool:
    """Whether a person types whom it is for: it closes positions, or is of everybody."""
    return order.command == "flatten" or EVERYONE in order.accounts


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
    what: tuple[str, ...]  # All that it says and nobody may change.


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
        # Zero bytes part the fields: no id of ours contains one, and no document.
        text = "\0".join((form.session, form.user.name, *form.what, str(made_ms)))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
