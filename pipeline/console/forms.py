"""The pages with which a person orders something: what will happen, then what did."""

import logging
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
    needs_name,
)
from pipeline.console.asking import choice
from pipeline.console.ordering import Words, controls_of
from pipeline.console.place import Place
from pipeline.console.posted import own_fields, session_of, set_session
from pipeline.console.targets import effects, targets_of
from pipeline.outputs.durations import milliseconds
from pipeline.web.guard import User
from topics.controls import TIMED, Control
from topics.fields import DecodeError

__all__ = ["Acting"]

logger = logging.getLogger(__name__)


class Acting:
    """Answers GET and POST of /act."""

    def __init__(self, templates: Environment, place: Place, forms: Forms) -> None:
        self._templates = templates
        self._place = place
        self._forms = forms

    def ask(self, request: Request) -> Response:
        """Show what an order will do, with the form that gives it."""
        user: User = request.state.user
        order = self._permitted(request.query_params, user)
        session = session_of(request)
        answer = self._page(
            "act.html.j2",
            order=order,
            effects=effects(self._place.model, order.command, order.targets),
            needs_name=needs_name(order),
            may_end=order.command in TIMED,
            token=self._forms.token(Form(session, user, order.signed), now_ms=self._place.now_ms()),
        )
        return set_session(answer, request, session)

    async def act(self, request: Request) -> Response:
        """Give the order, if the form is ours, of this person, and complete."""
        fields, user = await own_fields(request), request.state.user
        order = self._permitted(fields, user)
        form = Form(session_of(request), user, order.signed)
        now_ms = self._place.now_ms()
        if not self._forms.holds(fields.get("token", ""), form, now_ms=now_ms):
            raise HTTPException(403, "This form is too old, or not yours; open it again.")
        controls = _controls(order, fields, user, now_ms=now_ms)
        logger.info("%s orders %s of %s", user.name, order.command, ", ".join(order.accounts))
        outcomes = await run_in_threadpool(self._place.send, controls)
        return self._page("acted.html.j2", order=order, outcomes=outcomes)

    def _page(self, name: str, **values: object) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(**values))

    def _permitted(self, fields: QueryParams, user: User) -> Order:
        """Return the order. Raise HTTPException for one that makes no sense or is not allowed."""
        command = cast("Command", choice(fields, "command", COMMANDS, default="halt"))
        asked = Order.of(command, *fields.getlist("account"))
        # First of all: who may not act learns nothing about accounts and stops either.
        if not is_allowed(self._place.settings, user, asked):
            raise HTTPException(403, "You may look, but not order this.")
        return Order(command, targets_of(self._place.model, command, fields))


def _controls(order: Order, fields: QueryParams, user: User, *, now_ms: int) -> list[Control]:
    """Make the controls. Raise HTTPException for what a person must correct."""
    if needs_name(order) and fields.get("typed", "").strip() != order.typed:
        raise HTTPException(400, f"Type {order.typed} to confirm it; nothing was sent.")
    reason, lasts = (fields.get(name, "").strip() for name in ("reason", "lasts"))
    if not reason:
        raise HTTPException(400, "A reason is needed; nothing was sent.")
    duration_ms = milliseconds(lasts)
    if lasts and (duration_ms is None or order.command not in TIMED):
        said = f"{lasts} is no duration of a {order.command}; write for example 30m or 2h"
        raise HTTPException(400, f"{said}; nothing was sent.")
    try:
        return controls_of(order, Words(user.name, reason, duration_ms), now_ms=now_ms)
    except DecodeError as error:
        field = (error.path or "$").removeprefix("$.")
        problem = f"{field} is invalid: {error.error}; nothing was sent."
        raise HTTPException(400, problem) from error
