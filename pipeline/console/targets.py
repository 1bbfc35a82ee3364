"""Whom an order is for: one account, several or all, and with a resume which of their stops."""

from collections.abc import Iterator

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from pipeline.console.acting import Command, Target
from pipeline.console.asking import TEXT_MAX
from pipeline.console.model import Model
from pipeline.outputs.effects import effect
from pipeline.outputs.stops import consequences, everyones
from pipeline.outputs.words import count
from topics.account_states import AccountState
from topics.fields import EVERYONE

__all__ = ["TARGETS_MAX", "effects", "targets_of"]

TARGETS_MAX = 100  # Kafka takes them one after the other.


def targets_of(model: Model, command: Command, fields: QueryParams) -> tuple[Target, ...]:
    """Return the targets that a form or a link names.

    A resume or acknowledgement without stops means every open stop of its accounts. Raise
    HTTPException for accounts or stops that make no sense.
    """
    accounts = _texts(fields, "account")
    stops = [each for each in _texts(fields, "stop_id") if each]
    known = {EVERYONE, *model.rows.unreadable} | model.rows.accounts.keys()
    for name in accounts or [""]:
        if name not in known:
            raise HTTPException(404, f"Account {name} has never had an event.")
    if EVERYONE in accounts and len(set(accounts)) > 1:
        raise HTTPException(400, "Name either every account or some.")
    if EVERYONE in accounts and command == "acknowledge":
        raise HTTPException(400, "Name accounts: a stop is acknowledged in each of them.")
    found = _targets(model, command, accounts=accounts, stops=stops)
    if len(found) > TARGETS_MAX:
        said = f"These are {count(len(found), 'order')}; give at most {TARGETS_MAX} at once."
        raise HTTPException(400, said)
    return found


def _targets(
    model: Model, command: Command, *, accounts: list[str], stops: list[str]
) -> tuple[Target, ...]:
    if command not in {"resume", "acknowledge"}:
        if stops:
            said = "A resume or acknowledgement names its stop; nothing else does."
            raise HTTPException(400, said)
        return tuple(map(Target, dict.fromkeys(accounts)))
    if not stops:
        return _open_stops(model, accounts, what="lift" if command == "resume" else command)
    if len(stops) != len(accounts):
        raise HTTPException(400, f"Name a stop of each account to {command}.")
    return tuple(dict.fromkeys(map(Target, accounts, stops)))


def _open_stops(model: Model, accounts: list[str], *, what: str) -> tuple[Target, ...]:
    """Return every open stop of some accounts, oldest first. Raise HTTPException without one."""
    found = []
    for name in dict.fromkeys(accounts):
        if name == EVERYONE:
            stops = everyones(model.stops(), model.rows)
        else:
            stops = [stop for stop in reversed(model.stops_of(name)) if stop.is_open]
        found += [Target(name, stop.stop_id) for stop in stops]
    if not found:
        raise HTTPException(400, f"There is no open stop to {what}.")
    return tuple(found)


def effects(model: Model, command: Command, targets: tuple[Target, ...]) -> list[str]:
    """Say what an order will do to each of its targets."""
    known = model.rows.accounts
    return [
        "; ".join(
            [
                effect(command, account, stop_id, rows=_rows(known, account)),
                *(_after_resume(model, account, stop_id) if command == "resume" else ()),
            ]
        )
        for account, stop_id in targets
    ]


def _after_resume(model: Model, account: str, stop_id: str) -> Iterator[str]:
    """Yield what a stop's rule found lost, and from where it measures after a resume."""
    for stop in model.stops_of(account):
        if stop.stop_id == stop_id:
            yield from consequences(stop, model.rows.accounts.get(account))


def _rows(known: dict[str, AccountState], account: str) -> list[AccountState]:
    if account == EVERYONE:
        return list(known.values())
    return [known[account]] if account in known else []


def _texts(fields: QueryParams, name: str) -> list[str]:
    found = [each.strip() for each in fields.getlist(name)]
    if any(len(each) > TEXT_MAX for each in found):
        raise HTTPException(400, f"{name} has more than {TEXT_MAX} characters.")
    return found
