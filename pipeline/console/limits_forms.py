"""The pages with which a person writes limits: checked first, then published, or proposed to
another person who approves them.
"""

import logging
from functools import partial
from typing import cast

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline.console.acting import Form, Forms, may_limit
from pipeline.console.asking import choice, number, text
from pipeline.console.lately import HOURS_MAX
from pipeline.console.limits_draft import Draft, Judged, difference_by_account, judged
from pipeline.console.limits_orders import Act, Signed, document_of
from pipeline.console.place import Place
from pipeline.console.posted import own_fields, session_of, set_session
from pipeline.outputs.limits_change import Change
from pipeline.outputs.limits_yaml import as_yaml
from pipeline.web.guard import User
from topics.fields import EVERYONE, DecodeError
from topics.limits import LimitsDocument

__all__ = ["Approving", "Editing"]

logger = logging.getLogger(__name__)

TEXT_MAX = 32_768
NO_FIELDS = QueryParams("")
NOT_YOURS = "This form is too old, or not yours; open it again."


class _LimitsForms:
    """What both pages need."""

    def __init__(self, templates: Environment, place: Place, forms: Forms) -> None:
        self._templates = templates
        self._place = place
        self._forms = forms

    def _page(self, request: Request, name: str, **values: object) -> Response:
        user, settings = request.state.user, self._place.settings
        may_publish = may_limit(settings, user, "publish")
        page = self._templates.get_template(name)
        answer = HTMLResponse(page.render(**values, may_publish=may_publish))
        return set_session(answer, request, session_of(request))

    def _token(self, request: Request, *what: str) -> str:
        """Return a token that is bound to this browser, person and content."""
        form = Form(session_of(request), request.state.user, what)
        return self._forms.token(form, now_ms=self._place.now_ms())

    def _require(self, request: Request, token: str, *what: str, problem: str) -> None:
        """Raise HTTPException unless the form is ours, of this person and about this."""
        form = Form(session_of(request), request.state.user, what)
        if not self._forms.holds(token, form, now_ms=self._place.now_ms()):
            raise HTTPException(403, problem)

    def _account(self, fields: QueryParams, user: User, act: str) -> str:
        """Return the account. Raise HTTPException if it is unknown, or not for this person."""
        if not may_limit(self._place.settings, user, act):
            raise HTTPException(403, f"You may look, but not {act} limits.")
        account = text(fields, "account") or EVERYONE
        rows = self._place.model.rows
        if account not in {EVERYONE, *rows.unreadable} | rows.accounts.keys():
            raise HTTPException(404, f"Account {account} has never had an event.")
        return account

    async def _publish(
        self, request: Request, change: Change, fields: QueryParams, *, act: Act
    ) -> Response:
        """Send a document and show what became of it."""
        author = request.state.user.name
        reason = fields.get("reason", "").strip()
        if not reason:
            raise HTTPException(400, "A reason is needed; nothing was sent.")
        try:
            document = document_of(change, Signed(author, reason, act))
        except DecodeError as error:
            field = (error.path or "$").removeprefix("$.")
            problem = f"{field} is invalid: {error.error}; nothing was sent."
            raise HTTPException(400, problem) from error
        logger.info("%s: %s limits of %s", author, act, change.account)
        outcome = await run_in_threadpool(self._place.publish, document)
        page = self._templates.get_template("limits_done.html.j2")
        return HTMLResponse(page.render(document=document, act=act, outcome=outcome))


class Editing(_LimitsForms):
    """Answers GET and POST of /limits/edit."""

    def ask(self, request: Request) -> Response:
        """Show the document in force, to be changed."""
        account = self._account(request.query_params, request.state.user, "propose")
        held = self._place.model.published.in_force.get(account)
        draft = Draft(account, "" if held is None else as_yaml(held))
        return self._show(request, draft, found=Judged(()))

    async def act(self, request: Request) -> Response:
        """Check what was written; publish or propose it once it was checked as it is."""
        fields = await own_fields(request)
        act = choice(fields, "do", ("check", "propose", "publish"), default="check")
        permission = "publish" if act == "publish" else "propose"
        draft = _draft(fields, self._account(fields, request.state.user, permission))
        token = fields.get("token", "")
        self._require(request, token, "edit", draft.account, problem=NOT_YOURS)
        with self._place.model.lock:
            found = judged(draft, self._place.model.published)
        if act == "check" or found.change is None:
            show = partial(self._show, request, draft, found=found, fields=fields)
            return await run_in_threadpool(show)
        self._require(
            request, fields.get("checked", ""), *self._checked(draft),
            problem="The document, or what is in force, changed since the check; check it again.",
        )  # fmt: skip
        return await self._publish(request, found.change, fields, act=cast("Act", act))

    def _show(
        self, request: Request, draft: Draft, *, found: Judged, fields: QueryParams = NO_FIELDS
    ) -> Response:
        change, lately, hours = found.change, [], fields.get("hours", "")
        if change is not None and hours:
            asked = number(fields, "hours", default=1, most=HOURS_MAX)
            lately = self._place.lately(draft.account, change.rules_after(), asked)
        return self._page(
            request, "limits_edit.html.j2", draft=draft, found=found, lately=lately, hours=hours,
            changes=[] if change is None else list(difference_by_account(change)),
            token=self._token(request, "edit", draft.account),
            checked=self._token(request, *self._checked(draft)),
            hours_max=HOURS_MAX, version=self._version(draft.account),
            reason=fields.get("reason", ""),
        )  # fmt: skip

    def _checked(self, draft: Draft) -> tuple[str, ...]:
        """Return what a document is bound to once it was checked."""
        return ("checked", *draft, str(self._version(draft.account)))

    def _version(self, account: str) -> int:
        return self._place.model.published.of(account).version


class Approving(_LimitsForms):
    """Answers GET and POST of /limits/approve."""

    def ask(self, request: Request) -> Response:
        """Show what is proposed and what it would change."""
        account = self._account(request.query_params, request.state.user, "approve")
        proposal, change = self._proposed(account)
        return self._page(
            request, "limits_approve.html.j2", document=proposal, text=as_yaml(proposal),
            changes=list(difference_by_account(change)),
            token=self._token(request, *_approval(proposal)),
        )  # fmt: skip

    async def act(self, request: Request) -> Response:
        """Approve it, if it is still what was shown."""
        fields = await own_fields(request)
        account = self._account(fields, request.state.user, "approve")
        proposal, change = self._proposed(account)
        self._require(request, fields.get("token", ""), *_approval(proposal), problem=NOT_YOURS)
        return await self._publish(request, change, fields, act="approve")

    def _proposed(self, account: str) -> tuple[LimitsDocument, Change]:
        log = self._place.model.published
        proposed = log.of(account).proposed
        if proposed is None:
            raise HTTPException(404, f"Nothing is proposed for {account}.")
        document = log.passing[account, proposed.version]
        return document, Change(account, document.rules, log, document.duration_ms)


def _approval(proposal: LimitsDocument) -> tuple[str, ...]:
    return ("approve", proposal.account_id, str(proposal.version), proposal.author)


def _draft(fields: QueryParams, account: str) -> Draft:
    """Return what was written. Raise HTTPException if it is too long."""
    # A browser ends lines with both; a zero byte would part the fields of the form's token.
    written = fields.get("text", "").replace("\r\n", "\n").replace("\0", "")
    if len(written) > TEXT_MAX:
        raise HTTPException(413, f"The document has more than {TEXT_MAX} characters.")
    return Draft(account, written, text(fields, "lasts"))
