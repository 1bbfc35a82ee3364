"""Every question that the console answers, once: pages and the JSON API both take it from here."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from pipeline.console import (
    accounts,
    audit_view,
    budget_views,
    desk,
    desk_order,
    explained,
    limit_views,
    lists,
)
from pipeline.console.asking import choice, flag, number, text
from pipeline.console.place import Place
from pipeline.outputs.health import Finding

__all__ = ["QUESTIONS", "Asked", "Question", "desk_query"]

MOST = 500
PAGES_MAX = 10**8
DIGITS_MAX = 18  # Of an offset.
VERDICTS = ("", "approved", "modified", "rejected", "ignored", "exit")
LEVELS = ("", "low", "medium", "high", "critical")


class Asked(NamedTuple):
    """One parameter of a question."""

    name: str
    says: str
    among: tuple[str, ...] = ()
    most: int = 0  # Of a number; 0 for a text.
    is_needed: bool = False


class Question(NamedTuple):
    """A question, its parameters and what answers it."""

    path: str
    says: str
    asked: tuple[Asked, ...]
    answer: type[Struct]
    ask: Callable[[Place, QueryParams], Struct]


class DocumentList(Struct, frozen=True, kw_only=True):
    """Limits documents, newest first."""

    documents: tuple[limit_views.DocumentView, ...]


class FindingList(Struct, frozen=True, kw_only=True):
    """What was looked at, as `riskgate health` prints it."""

    good: bool
    findings: tuple[Finding, ...]


class Status(Struct, frozen=True, kw_only=True):
    """Whether the numbers are those of now."""

    fresh: bool
    why: str | None
    now_ms: int


def desk_query(query: QueryParams) -> desk.DeskQuery:
    """Return which page of the desk is asked for."""
    size = choice(query, "size", [str(size) for size in desk.SIZES], default="50")
    return desk.DeskQuery(
        show=choice(query, "show", desk_order.SHOWN, default="all"),
        search=text(query, "search"),
        sort=choice(query, "sort", list(desk_order.SORTS), default="nearest"),
        descending=flag(query, "descending"),
        page=number(query, "page", default=1, most=PAGES_MAX),
        size=int(size),
    )


def _desk(place: Place, query: QueryParams) -> desk.Desk:
    groups = tuple(each.total for each in place.budgets().budgets)
    return desk.desk(place.model, desk_query(query), place.now_ms(), groups=groups)


def _account(place: Place, query: QueryParams) -> accounts.AccountView:
    name = _named(query)
    found = accounts.account_view(place.model, name, place.now_ms())
    if found is None:
        raise HTTPException(404, f"Account {name} has never had an event.")
    return found


def _curve(place: Place, query: QueryParams) -> accounts.CurveView:
    return accounts.curve_view(place.model, _named(query))


def _named(query: QueryParams) -> str:
    name = text(query, "account")
    if not name:
        raise HTTPException(400, "account is needed.")
    return name


def _entry_query(query: QueryParams, words: tuple[str, ...], name: str) -> lists.EntryQuery:
    return lists.EntryQuery(
        word=choice(query, name, words, default=""),
        rule=text(query, "rule"),
        strategy=text(query, "strategy"),
        account=text(query, "account"),
        symbol=text(query, "symbol"),
        most=number(query, "most", default=100, most=MOST),
    )


def _decisions(place: Place, query: QueryParams) -> lists.DecisionList:
    return lists.decisions(place.model, _entry_query(query, VERDICTS, "verdict"))


def _alerts(place: Place, query: QueryParams) -> lists.EntryList:
    return lists.alerts(place.model, _entry_query(query, LEVELS, "level"))


def _decision(place: Place, query: QueryParams) -> explained.Explained:
    partition, offset = _from_zero(query, "partition"), _from_zero(query, "offset")
    output = place.fetch("decisions", partition, offset)
    found = None if output is None else explained.explained(output)
    if found is None:
        raise HTTPException(404, "There is no decision at this place, or no longer.")
    return found


def _from_zero(query: QueryParams, name: str) -> int:
    found = query.get(name, "")
    if not (found.isascii() and found.isdigit() and len(found) <= DIGITS_MAX):
        raise HTTPException(400, f"{name} is a number from 0.")
    return int(found)


def _stops(place: Place, query: QueryParams) -> lists.StopList:
    most = number(query, "most", default=100, most=MOST)
    return lists.stops(place.model, account=text(query, "account"), most=most)


def _limits(place: Place, query: QueryParams) -> DocumentList:
    found = limit_views.documents(place.model, text(query, "account") or None)
    return DocumentList(documents=tuple(found))


def _budgets(place: Place, _: QueryParams) -> budget_views.BudgetList:
    return place.budgets()


def _letters(place: Place, query: QueryParams) -> lists.LetterList:
    most = number(query, "most", default=50, most=MOST)
    topic, key = text(query, "topic"), text(query, "key")
    return lists.dead_letters(place.model, topic=topic, key=key, most=most)


def _health(place: Place, _: QueryParams) -> FindingList:
    found = tuple(place.findings())
    return FindingList(good=all(each.good for each in found), findings=found)


def _status(place: Place, _: QueryParams) -> Status:
    why = place.freshness.why_stale()
    return Status(fresh=why is None, why=why, now_ms=place.now_ms())


_ACCOUNT = Asked("account", "Only this account.")
_THE_ACCOUNT = Asked("account", "Its name.", is_needed=True)
_MOST = Asked("most", f"At most so many; no more than {MOST}.", most=MOST)
_RULE = Asked("rule", "Only those with this rule among the breached ones.")
_ENTRIES = (
    _RULE,
    Asked("strategy", "Only this strategy."),
    _ACCOUNT,
    Asked("symbol", "Only this symbol."),
    _MOST,
)
_SIZES = tuple(str(size) for size in desk.SIZES)

QUESTIONS = (
    Question("/api/status", "Are the numbers those of now?", (), Status, _status),
    Question(
        "/api/accounts",
        "A page of the accounts, nearest to a stop first.",
        (
            Asked("show", "Which accounts.", desk_order.SHOWN),
            Asked("search", "Part of a name, a symbol that is watched, or a currency."),
            Asked("sort", "By what.", tuple(desk_order.SORTS)),
            Asked("descending", "Largest first.", ("true", "false")),
            Asked("page", "From 1.", most=PAGES_MAX),
            Asked("size", "Rows of a page.", _SIZES),
        ),
        desk.Desk,
        _desk,
    ),
    Question(
        "/api/account", "An account in full.", (_THE_ACCOUNT,), accounts.AccountView, _account
    ),
    Question(
        "/api/curve", "Equity of an account over time.", (_THE_ACCOUNT,), accounts.CurveView, _curve
    ),
    Question("/api/stops", "Stops, open and lifted.", (_ACCOUNT, _MOST), lists.StopList, _stops),
    Question(
        "/api/decisions",
        "The newest decisions and exits.",
        (Asked("verdict", "Only this verdict.", VERDICTS[1:]), *_ENTRIES),
        lists.DecisionList,
        _decisions,
    ),
    Question(
        "/api/decision",
        "One decision or exit in sentences.",
        (
            Asked("partition", "Of `decisions`.", most=10**DIGITS_MAX - 1, is_needed=True),
            Asked("offset", "In the partition.", most=10**DIGITS_MAX - 1, is_needed=True),
        ),
        explained.Explained,
        _decision,
    ),
    Question(
        "/api/alerts",
        "The newest alerts.",
        (Asked("level", "Only this level.", LEVELS[1:]), _RULE, _ACCOUNT, _MOST),
        lists.EntryList,
        _alerts,
    ),
    Question("/api/limits", "Limits documents.", (_ACCOUNT,), DocumentList, _limits),
    Question(
        "/api/budgets",
        "Budgets of groups of accounts, and what is used of them.",
        (),
        budget_views.BudgetList,
        _budgets,
    ),
    Question(
        "/api/dead-letters",
        "Messages that riskgate could not use.",
        (Asked("topic", "Only of this topic."), Asked("key", "Only with this key."), _MOST),
        lists.LetterList,
        _letters,
    ),
    Question(
        "/api/audit",
        "What people and releases did, and the stops; newest first.",
        (
            Asked("hours", "So far back.", most=audit_view.HOURS_MAX),
            _ACCOUNT,
            Asked("releases", "Also which release decided; slow.", ("true", "false")),
        ),
        audit_view.AuditList,
        audit_view.audit_list,
    ),
    Question("/api/health", "Does the whole gate work? Takes seconds.", (), FindingList, _health),
)
