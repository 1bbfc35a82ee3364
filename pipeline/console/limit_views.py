"""Limits of accounts as the console shows them: caps of exposure, documents in force and before."""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from pipeline.console.model import Model
from pipeline.outputs.limit_words import text_of
from pipeline.risk.limits.listing import Listing, listing
from pipeline.streams.admin.limits_log import Published
from topics.account_states import AccountState
from topics.fields import EVERYONE
from topics.limits import LimitsDocument

__all__ = ["DocumentView", "Parameter", "documents", "exposure_cap", "parameters_of"]

# Most accounts have no document of their own and share one; a listing takes a millisecond.
_listing = lru_cache(maxsize=4096)(listing)


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter that a document sets."""

    name: str
    value: str


class DocumentView(Struct, frozen=True, kw_only=True):
    """A limits document and whether it was, or still is, in force."""

    at_ms: int
    account_id: str
    version: int
    author: str
    reason: str
    state: str  # In force, for a while or not, ended, proposed, replaced or refused.
    parameters: tuple[Parameter, ...]


def exposure_cap(log: Published, row: AccountState) -> Decimal | None:
    """Return the cap of gross exposure in the account's currency; None without or while unknown."""
    found = listing_of(log, row.account_id)
    if "gross_exposure" in found.idle:
        return None
    ratio = found.parameters["gross_exposure", "gross_exposure_ratio_max"].value
    amount = found.parameters["gross_exposure", "gross_exposure_max"].value
    caps = [amount] if isinstance(amount, Decimal) else []
    if isinstance(ratio, Decimal) and row.equity is not None:
        caps.append(max(Decimal(0), ratio * row.equity))
    return min(caps, default=None)


def listing_of(log: Published, account_id: str) -> Listing:
    """List what is in force for an account."""
    return _listing(log.rules_of(EVERYONE), log.rules_of(account_id))


def documents(model: Model, account_id: str | None) -> Iterator[DocumentView]:
    """Yield the documents of all accounts or of one, newest first."""
    with model.lock:
        for entry, document in model.documents:
            if account_id not in {None, document.account_id}:
                continue
            state = _state_of(model.published, document)
            yield DocumentView(
                at_ms=entry.at_ms,
                account_id=document.account_id,
                version=document.version,
                author=document.author,
                reason=document.reason,
                state=state if entry.word == "in force" else "refused",
                parameters=tuple(parameters_of(document)),
            )


def _state_of(log: Published, document: LimitsDocument) -> str:
    """Return what became of a document that was not refused."""
    name, version = document.account_id, document.version
    held = log.of(name)
    if document.approval == "propose":
        is_waiting = held.proposed is not None and held.proposed.version == version
        return "proposed" if is_waiting else "approved or replaced"
    if document.duration_ms is not None:
        is_on = version in {item.version for item in held.temporary}
        return "in force for a while" if is_on else "ended"
    return "in force" if log.in_force.get(name) is document else "replaced"


def parameters_of(document: LimitsDocument) -> Iterator[Parameter]:
    """Yield what a document sets, in its own order."""
    for rule, parameters in document.rules.items():
        for name, value in parameters.items():
            yield Parameter(name=f"{rule}.{name}", value=text_of(value))
