"""The console as a web application: pages, their streams, the JSON API and the files it needs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.console import openapi
from pipeline.console.acting import Forms
from pipeline.console.answers import QUESTIONS, Question
from pipeline.console.audit_view import as_csv
from pipeline.console.forms import Acting
from pipeline.console.limits_forms import Approving, Editing
from pipeline.console.live import Streams
from pipeline.console.pages import PAGES, Page, Visit, html
from pipeline.console.place import Place
from pipeline.console.probes import Probed
from pipeline.console.rendering import environment
from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.settings import Settings
from pipeline.web.guard import Headed, Identified, Membership
from topics.codec import encode

__all__ = ["application"]

STATIC = Path(__file__).parent / "static"
JSON = "application/json"
Answer = Callable[[Request], Response]


def application(place: Place) -> Starlette:
    """Return the application of one console."""
    return Starlette(
        routes=[
            *(Route(question.path, _api(place, question)) for question in QUESTIONS),
            Route("/api/openapi.json", _openapi),
            Route("/audit.csv", partial(as_csv, place)),
            *_pages(place),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(Headed),
            Middleware(Probed, freshness=place.freshness),
            # Another name in Host is a page of somebody else that resolves to this address.
            Middleware(
                TrustedHostMiddleware,
                allowed_hosts=list(place.settings.console_names),
                www_redirect=False,
            ),
            Middleware(Identified, settings=place.settings, members=_members(place.settings)),
        ],
        exception_handlers={HTTPException: _refuse, BrokerError: _kafka_fails},
    )


def _members(settings: Settings) -> Membership:
    # Who may act may look.
    acting = (*settings.console_operators, *settings.console_approvers)
    groups = {*settings.console_viewers, *acting} if settings.console_viewers else set()
    return Membership("console", frozenset(groups), "look at the console")


def _api(place: Place, question: Question) -> Answer:
    def answer(request: Request) -> Response:
        return Response(encode(question.ask(place, request.query_params)), media_type=JSON)

    return answer


def _pages(place: Place) -> list[BaseRoute]:
    templates, streams = environment(), Streams()

    def page_of(page: Page) -> Answer:
        def answer(request: Request) -> Response:
            visit = Visit(request.query_params, request.state.user)
            return HTMLResponse(html(templates, page, place=place, visit=visit))

        return answer

    def stream_of(page: Page) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            visit = Visit(request.query_params, request.state.user)
            return streams.answer(
                request, place, lambda: html(templates, page, place=place, visit=visit)
            )

        return answer

    own = Forms()
    acting, editing, approving = (
        kind(templates, place, own) for kind in (Acting, Editing, Approving)
    )
    acts = [
        route
        for path, form in (
            ("/act", acting), ("/limits/edit", editing), ("/limits/approve", approving),
        )
        for route in (Route(path, form.ask), Route(path, form.act, methods=["POST"]))
    ]  # fmt: skip
    lives = [Route(f"/live{page.path}", stream_of(page)) for page in PAGES if page.is_live]
    return [*(Route(page.path, page_of(page)) for page in PAGES), *lives, *acts]


def _openapi(_: Request) -> Response:
    return Response(orjson.dumps(openapi.document()), media_type=JSON)


async def _kafka_fails(request: Request, error: Exception) -> Response:
    return await _refuse(request, HTTPException(503, f"{error}."))


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith("/api/"):
        body = orjson.dumps({"error": error.detail})
        return Response(body, status_code=error.status_code, media_type=JSON, headers=error.headers)
    page = environment().get_template("problem.html.j2")
    text = page.render(status=error.status_code, problem=error.detail)
    return HTMLResponse(text, status_code=error.status_code, headers=error.headers)
