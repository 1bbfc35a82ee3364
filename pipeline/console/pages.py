"""The pages: an answer, a template, and the pieces of it that go out again when they change."""

import re
from functools import partial
from html import unescape
from typing import NamedTuple, cast

from jinja2 import Environment
from starlette.datastructures import QueryParams

from pipeline.console.acting import Command, Order, is_allowed, may_limit
from pipeline.console.answers import QUESTIONS, Question
from pipeline.console.place import Place
from pipeline.streams.settings import Settings
from pipeline.web.guard import User

__all__ = ["PAGES", "Page", "Pieces", "Visit", "html", "pieces"]

_QUESTIONS = {question.path: question for question in QUESTIONS}


class Page(NamedTuple):
    """One page."""

    path: str
    title: str
    template: str
    question: Question
    in_menu: bool = True
    is_live: bool = True


PAGES = (
    Page("/", "Desk", "desk.html.j2", _QUESTIONS["/api/accounts"]),
    Page("/account", "Account", "account.html.j2", _QUESTIONS["/api/account"], in_menu=False),
    Page("/stops", "Stops", "stops.html.j2", _QUESTIONS["/api/stops"]),
    Page("/decisions", "Decisions", "decisions.html.j2", _QUESTIONS["/api/decisions"]),
    Page(
        "/decision", "Decision", "decision.html.j2", _QUESTIONS["/api/decision"],
        in_menu=False, is_live=False,
    ),
    Page("/alerts", "Alerts", "alerts.html.j2", _QUESTIONS["/api/alerts"]),
    Page("/limits", "Limits", "limits.html.j2", _QUESTIONS["/api/limits"]),
    Page("/budgets", "Budgets", "budgets.html.j2", _QUESTIONS["/api/budgets"]),
    Page("/audit", "Audit", "audit.html.j2", _QUESTIONS["/api/audit"], is_live=False),
    Page("/health", "Health", "health.html.j2", _QUESTIONS["/api/health"], is_live=False),
    Page("/dead-letters", "Dead letters", "letters.html.j2", _QUESTIONS["/api/dead-letters"]),
)  # fmt: skip


def _may(settings: Settings, user: User, *order: str) -> bool:
    command, account = order
    return is_allowed(settings, user, Order.of(cast("Command", command), account))


class Pieces(NamedTuple):
    """The parts of a page that change: by the id of their element, and the rows of each list."""

    html: dict[str, str]
    order: dict[str, list[str]]  # Ids of the rows, by that of the list that holds them.


class Visit(NamedTuple):
    """What is asked, and by whom."""

    query: QueryParams
    user: User


def html(environment: Environment, page: Page, *, place: Place, visit: Visit) -> str:
    """Return a page. Raise HTTPException if its question makes no sense."""
    query, user = visit
    return environment.get_template(page.template).render(
        page=page,
        pages=PAGES,
        query=dict(query),
        user=user,
        why_stale=place.freshness.why_stale(),
        answer=page.question.ask(place, query),
        may=partial(_may, place.settings, user),
        may_limit=partial(may_limit, place.settings, user),
    )


def pieces(text: str) -> Pieces:
    """Return the pieces of a page, between the comments that parts.html.j2 puts around them.

    Nobody else can write such a comment: whatever somebody sent is escaped.
    """
    found = Pieces({}, {})
    for holder, name, inner in _PIECE.findall(text):
        found.html[unescape(name)] = inner
        if holder:
            found.order.setdefault(holder, []).append(unescape(name))
    for holder in _LIST.findall(text):
        found.order.setdefault(holder, [])  # One without rows, too.
    return found


_PIECE = re.compile(r"<!--piece ([a-z-]*)\|([^>]*)-->(.*?)<!--end-->", re.DOTALL)
_LIST = re.compile(r'<tbody id="([a-z-]+)">')
