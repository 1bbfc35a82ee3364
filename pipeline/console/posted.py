"""What every form has in common: the browser's cookie, and fields that came from our own page."""

import secrets

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pipeline.console.acting import is_own_origin

__all__ = ["own_fields", "session_of", "set_session"]

COOKIE = "riskgate_console"
BODY_BYTES_MAX = 65_536
FIELDS_MAX = 1000
FORM = "application/x-www-form-urlencoded"


def session_of(request: Request) -> str:
    """Return the value of the browser's cookie; without one a new value, the same for a request."""
    if not hasattr(request.state, "session"):
        request.state.session = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    return str(request.state.session)


def set_session(answer: Response, request: Request, session: str) -> Response:
    """Let the browser keep the cookie."""
    is_secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    answer.set_cookie(COOKIE, session, httponly=True, samesite="strict", secure=is_secure)
    return answer


async def own_fields(request: Request) -> QueryParams:
    """Read a form. Raise HTTPException if it is not ours, or longer than any of ours."""
    if not is_own_origin(request.headers.get("origin"), request.headers.get("host")):
        raise HTTPException(403, "This form did not come from the console.")
    if request.headers.get("content-type", "").partition(";")[0] != FORM:
        raise HTTPException(415, "A form is expected.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise HTTPException(413, "The form is too long.")
    if body.count(b"&") > FIELDS_MAX:
        raise HTTPException(413, "The form has too many fields.")
    return QueryParams(body)
