"""Who is answered over HTTP, and what no browser may do with a page.

Nobody here knows passwords: either the server is alone with this machine, or a proxy that the
settings name says who asks.
"""

from ipaddress import ip_address, ip_network
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.streams.settings import Settings

__all__ = ["HEADERS", "Headed", "Identified", "Membership", "User"]

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not `no-referrer`: a browser would then send no Origin with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class User(NamedTuple):
    """Who asks, as the proxy says; nobody in particular without one."""

    name: str = ""
    groups: frozenset[str] = frozenset()


class Membership(NamedTuple):
    """Which users of the proxy are answered."""

    server: str  # What refuses them, as a person calls it.
    groups: frozenset[str]  # Everybody whom the proxy lets through if there is none.
    may: str  # What they may do, for the refusal.


class Headed:
    """Adds the headers to every answer, errors too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_headed)


class Identified:
    """Refuses who does not come through a proxy that is named, and says who asks to the rest."""

    def __init__(self, app: ASGIApp, settings: Settings, members: Membership) -> None:
        self._app = app
        self._settings = settings
        self._members = members
        self._proxies = [ip_network(each) for each in settings.console_proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        user = self._user(scope)
        if isinstance(user, str):
            await PlainTextResponse(user, status_code=403)(scope, receive, send)
            return
        scope["state"] = {**scope.get("state", {}), "user": user}
        await self._app(scope, receive, send)

    def _user(self, scope: Scope) -> User | str:
        """Return who asks, or why nobody is answered."""
        if not self._proxies:
            return User()
        client = scope.get("client")
        if client is None or not self._is_proxy(client[0]):
            server = self._members.server
            return f"The {server} answers only through the proxies in RISKGATE_CONSOLE_PROXIES."
        headers = Headers(scope=scope)
        # Two of them: one may be the client's own, and nobody knows which.
        names = headers.getlist(self._settings.console_user_header)
        if len(names) != 1 or not names[0].strip():
            return "The proxy does not say who you are."
        lines = headers.getlist(self._settings.console_groups_header)
        groups = frozenset(g.strip() for g in ",".join(lines).split(",") if g.strip())
        if len(lines) > 1:
            return "The proxy does not say clearly which groups you are in."
        if self._members.groups and not groups & self._members.groups:
            return f"You are in no group that may {self._members.may}."
        return User(names[0].strip(), groups)

    def _is_proxy(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._proxies)
