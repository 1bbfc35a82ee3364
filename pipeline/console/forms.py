"""The pages with which a person orders something: what will happen, then what did."""

import logging
import secrets
from typing import cast

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline.console.acting import (
    COMMANDS,
    Command,
    Form,
    Forms,
    Order,
    is_allowed,
    is_own_origin,
    needs_name,
)
from pipeline.console.asking import choice, text
from pipeline.console.guard import User
from pipeline.console.ordering import control_of
from pipeline.console.place import Place
from pipeline.outputs.effects import effect
from topics.account_states import AccountState
from topics.controls import Control
from topics.fields import EVERYONE, DecodeError

__all__ = ["Acting"]

logger = logging.getLogger(__name__)

COOKIE = "riskgate_console"
BODY_BYTES_MAX = 8192
FORM = "application/x-www-form-urlencoded"


class Acting:
    """Answers GET and POST of /act."""

    def __init__(self, templates: Environment, place: Place) -> None:
        self._templates = templates
        self._place = place
        self._forms = Forms()

    def ask(self, request: Request) -> Response:
        """Show what an order will do, with the form that gives it."""
        user: User = request.state.user
        order = self._permitted(request.query_params, user)
        session = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
        answer = self._page(
            "act.html.j2",
            order=order,
            effect=effect(order.command, order.account, order.stop_id, rows=self._rows(order)),
            needs_name=needs_name(order),
            token=self._forms.token(Form(session, user, order), now_ms=self._place.now_ms()),
        )
        is_secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
        answer.set_cookie(COOKIE, session, httponly=True, samesite="strict", secure=is_secure)
        return answer

    async def act(self, request: Request) -> Response:
        """Give the order, if the form is ours, of this person, and complete."""
        if not is_own_origin(request.headers.get("origin"), request.headers.get("host")):
            raise HTTPException(403, "This form did not come from the console.")
        fields, user = await _fields(request), request.state.user
        order = self._permitted(fields, user)
        session, now_ms = request.cookies.get(COOKIE, ""), self._place.now_ms()
        token = fields.get("token", "")
        if not self._forms.holds(token, Form(session, user, order), now_ms=now_ms):
            raise HTTPException(403, "This form is too old, or not yours; open it again.")
        control = _control(order, fields, user, now_ms=now_ms)
        logger.info("%s orders %s of %s", user.name, order.command, order.account)
        outcome = await run_in_threadpool(self._place.send, control)
        return self._page("acted.html.j2", order=order, outcome=outcome)

    def _page(self, name: str, **values: object) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(**values))

    def _permitted(self, fields: QueryParams, user: User) -> Order:
        """Return the order. Raise HTTPException for one that makes no sense or is not allowed."""
        command = cast("Command", choice(fields, "command", COMMANDS, default="halt"))
        order = Order(command, text(fields, "account"), text(fields, "stop_id"))
        if not is_allowed(self._place.settings, user, order):
            raise HTTPException(403, "You may look, but not order this.")
        rows = self._place.model.rows
        if order.account not in {EVERYONE, *rows.unreadable} | rows.accounts.keys():
            raise HTTPException(404, f"Account {order.account} has never had an event.")
        if (command == "resume") != bool(order.stop_id):
            raise HTTPException(400, "A resume names its stop; nothing else does.")
        return order

    def _rows(self, order: Order) -> list[AccountState]:
        known = self._place.model.rows.accounts
        if order.account == EVERYONE:
            return list(known.values())
        return [known[order.account]] if order.account in known else []


async def _fields(request: Request) -> QueryParams:
    """Read a form. Raise HTTPException if it is none, or longer than any of ours."""
    if request.headers.get("content-type", "").partition(";")[0] != FORM:
        raise HTTPException(415, "A form is expected.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise HTTPException(413, "The form is too long.")
    return QueryParams(body)


def _control(order: Order, fields: QueryParams, user: User, *, now_ms: int) -> Control:
    """Make the control. Raise HTTPException for what a person must correct."""
    if needs_name(order) and fields.get("typed", "").strip() != order.account:
        raise HTTPException(400, f"Type {order.account} to confirm it; nothing was sent.")
    reason = fields.get("reason", "").strip()
    if not reason:
        raise HTTPException(400, "A reason is needed; nothing was sent.")
    try:
        return control_of(order, user.name, reason, now_ms=now_ms)
    except DecodeError as error:
        field = (error.path or "$").removeprefix("$.")
        problem = f"{field} is invalid: {error.error}; nothing was sent."
        raise HTTPException(400, problem) from error
