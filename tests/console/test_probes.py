"""The kubelet learns whether the console lives and is ready, and nothing else."""

from typing import Any

import httpx
import pytest

from pipeline.console.application import application
from tests.console.visit import Browser, Fresh, browser, place_of

KUBELET = "10.9.0.1"
NODE: dict[str, Any] = {"headers": {"Host": "10.9.3.4:9480"}}
BEHIND: dict[str, Any] = {"console_proxies": ("10.1.0.0/16",)}
READING = "The console is still reading Kafka."


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_kubelet_is_answered_when_it_is_no_proxy(path: str) -> None:
    answer = browser(place_of([], **BEHIND), KUBELET).get(path, **NODE)

    assert (answer.status_code, answer.text) == (200, "ok")


@pytest.mark.parametrize("path", ["/", "/livez/", "/livez/x", "/api/status"])
def test_kubelet_sees_no_page_when_it_asks_for_more(path: str) -> None:
    answer = browser(place_of([], **BEHIND), KUBELET).get(path, **NODE)

    assert (answer.status_code, answer.text) == (400, "Invalid host header")


def test_console_lives_but_is_not_ready_when_it_has_not_read_kafka() -> None:
    asked = browser(place_of([], READING, **BEHIND), KUBELET)

    answers = [asked.get(path, **NODE) for path in ("/livez", "/readyz")]

    assert [answer.status_code for answer in answers] == [200, 503]


def test_console_stays_ready_when_kafka_fails_after_the_first_reading() -> None:
    freshness = Fresh(READING)
    place = place_of([], **BEHIND)._replace(freshness=freshness)
    asked = Browser(application(place), KUBELET)

    codes = []
    for why in (READING, None, "Kafka does not answer the console."):
        freshness.why = why
        codes.append(_ready(asked).status_code)

    assert codes == [503, 200, 200]


def _ready(asked: Browser) -> httpx.Response:
    return asked.get("/readyz", **NODE)
