"""Health over HTTP: what a supervisor sees of a role."""

import time

import httpx
import pytest

from pipeline.errors import StartupError
from pipeline.streams.observe import health as health_module
from pipeline.streams.observe import metrics
from pipeline.streams.observe.health import TURN_SECONDS_MAX, Health, HealthServer

LOCAL = "127.0.0.1"


def ask(path: str, *, beat_s: float = 0.0, reasons: tuple[str, ...] = ()) -> httpx.Response:
    """Serve a role whose loop turned so long ago, and ask it."""
    health = Health(lambda: time.monotonic() - beat_s, lambda: list(reasons), lambda: None)
    with HealthServer(health, host=LOCAL, port=0) as server:
        return httpx.get(f"http://{LOCAL}:{server.port}/{path}")


def test_role_is_alive_when_its_loop_turned_just_now() -> None:
    answer = ask("livez")

    assert (answer.status_code, answer.json()) == (200, {"ok": True, "reasons": []})


def test_role_is_not_alive_when_its_loop_turned_too_long_ago() -> None:
    answer = ask("livez", beat_s=TURN_SECONDS_MAX + 1)

    assert answer.status_code == 503
    assert answer.json()["reasons"][0].startswith("the last turn of the loop was 31.")


def test_readiness_names_every_reason_when_a_role_still_recovers() -> None:
    answer = ask("readyz", reasons=("prices are not read to their end yet",))

    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "reasons": ["prices are not read to their end yet"]}


def test_role_is_ready_when_nothing_speaks_against_it() -> None:
    assert ask("readyz").json() == {"ok": True, "reasons": []}


def test_metrics_are_shown_in_the_text_format_when_asked_for() -> None:
    metrics.HEARTBEATS.inc()

    answer = ask("metrics")

    assert "riskgate_heartbeats_total" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_metrics_are_rendered_once_when_many_ask_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[float] = []
    monkeypatch.setattr(health_module, "PAGE_SECONDS", 60.0)
    health = Health(time.monotonic, list, lambda: shown.append(time.monotonic()))

    with HealthServer(health, host=LOCAL, port=0) as server, httpx.Client() as client:
        pages = {client.get(f"http://{LOCAL}:{server.port}/metrics").text for _ in range(50)}

    assert len(shown) == 1
    assert len(pages) == 1


def test_metrics_are_rendered_again_when_the_last_page_is_old() -> None:
    health = Health(time.monotonic, list, metrics.HEARTBEATS.inc)

    with HealthServer(health, host=LOCAL, port=0) as server, httpx.Client() as client:
        first, second = (beats(client, server.port, wait_s=0.15) for _ in range(2))

    assert second == first + 1


def beats(client: httpx.Client, port: int, *, wait_s: float) -> float:
    """Return the heartbeats that /metrics shows, then wait."""
    page = client.get(f"http://{LOCAL}:{port}/metrics").text
    time.sleep(wait_s)
    (line,) = (row for row in page.splitlines() if row.startswith("riskgate_heartbeats_total "))
    return float(line.rpartition(" ")[2])


def test_start_fails_with_a_sentence_when_the_port_is_taken() -> None:
    health = Health(time.monotonic, list, lambda: None)

    with (
        HealthServer(health, host=LOCAL, port=0) as first,
        pytest.raises(StartupError, match="RISKGATE_HTTP_PORT"),
    ):
        HealthServer(health, host=LOCAL, port=first.port)
