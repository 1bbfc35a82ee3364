"""What a request must be before its signal is sent; a problem names the place of the fault."""

import asyncio
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request

from topics.codec import DecodeError, decode
from topics.signals import TOPIC, Signal

__all__ = ["TIMEOUT_MS", "TIMEOUT_MS_MAX", "ProblemError", "signal_of", "timeout_ms_of"]

TIMEOUT_MS = 2000
TIMEOUT_MS_MAX = 30_000
BODY_BYTES_MAX = 16_384  # A signal with all its fields takes some 400.
BODY_SECONDS_MAX = 5.0
CLOSE = {"Connection": "close"}  # What still comes of the body is not read.


class ProblemError(Exception):
    """What is wrong with a request; nothing was sent."""

    def __init__(
        self,
        status: int,
        error: str,
        *,
        path: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.path = path  # Of the field, as `$.quantity`, or `?timeout_ms`.
        self.headers = headers


def timeout_ms_of(request: Request) -> int:
    """Return how long to wait. Raise ProblemError when the query is not understood."""
    query = request.query_params.multi_items()
    for name, _ in query:
        if name != "timeout_ms":
            raise ProblemError(422, "Expected no parameter but timeout_ms", path=f"?{name[:64]}")
    if not query:
        return TIMEOUT_MS
    text = query[0][1]
    # Not isdigit alone: digits of other scripts are not what anybody means.
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(TIMEOUT_MS_MAX))
    if len(query) > 1 or not is_number or not 1 <= int(text) <= TIMEOUT_MS_MAX:
        raise ProblemError(
            422, f"Expected one whole number from 1 to {TIMEOUT_MS_MAX}", path="?timeout_ms"
        )
    return int(text)


async def signal_of(request: Request) -> Signal:
    """Return the signal in the body, checked as ingest checks it. Raise ProblemError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # A page of somebody else can make a browser post other types here without asking.
        raise ProblemError(415, "Expected the content type application/json", headers=CLOSE)
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            body = await _body(request)
    except TimeoutError:
        late = f"Expected the whole body within {BODY_SECONDS_MAX:g} s"
        raise ProblemError(408, late, headers=CLOSE) from None
    except ClientDisconnect:
        raise ProblemError(400, "The client left before its body was complete") from None
    try:
        signal = decode(TOPIC, body)
    except DecodeError as error:
        raise ProblemError(422, error.error, path=error.path or "$") from None
    assert isinstance(signal, Signal)
    return signal


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise ProblemError(
                413, f"Expected a body of at most {BODY_BYTES_MAX} bytes", headers=CLOSE
            )
    return bytes(body)
