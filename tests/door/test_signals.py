"""What a client of the door is answered: the decision, no answer, or what is wrong."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import orjson
import pytest

from pipeline.door import asks, reading
from pipeline.streams.observe import metrics
from riskgate import NO_ANSWER
from tests.client.given_decisions import decision_bytes
from tests.door.answering import NOW_MS, SECONDS_MAX, Client, Gate, door, fields


@contextmanager
def posted(client: Client, path: str, **changes: object) -> Iterator["threading.Thread"]:
    """Post a signal beside what a test does, and wait for the answer."""
    thread = threading.Thread(target=client.post, args=(path,), kwargs={"json": fields(**changes)})
    thread.start()
    yield thread
    thread.join(SECONDS_MAX)


def await_waiting(number: int) -> None:
    deadline_s = time.monotonic() + SECONDS_MAX
    while metrics.value("riskgate_door_waiting") != number:
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def problem(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("path")


def test_decision_is_answered_as_kafka_has_it_when_a_signal_is_posted() -> None:
    gate = Gate()

    with door(gate) as client:
        answer = client.post("/signals", json=fields())

    assert (answer.status_code, answer.content) == (200, decision_bytes("s1"))
    assert answer.headers["content-type"] == "application/json"
    assert [each.expires_at_ms for each in gate.asked] == [NOW_MS + 2000]


def test_expiry_stays_that_of_the_client_when_it_names_one() -> None:
    gate = Gate()

    with door(gate) as client:
        client.post("/signals", json=fields(expires_at_ms=NOW_MS + 1))

    assert [each.expires_at_ms for each in gate.asked] == [NOW_MS + 1]


def test_answer_is_rejected_and_no_answer_when_no_decision_comes() -> None:
    with door(Gate("s1")) as client:
        answer = client.post("/signals?timeout_ms=50", json=fields())

    found = answer.json()
    assert answer.status_code == 504
    assert (found["verdict"], found["reasons"], found["sequence"]) == ("rejected", [NO_ANSWER], 0)
    assert found["approved_quantity"] == "0"
    assert found["checks"][0]["message"] == "No decision came within 50 ms"


def test_one_signal_is_sent_when_it_is_posted_again() -> None:
    gate = Gate()

    with door(gate) as client:
        answers = [client.post("/signals", json=fields()).content for _ in range(3)]
        same = client.post("/signals", json=fields(quantity="0.50"))

    assert {*answers, same.content} == {decision_bytes("s1")}
    assert len(gate.asked) == 1


def test_late_decision_is_answered_when_the_signal_is_posted_again() -> None:
    gate = Gate("s1")

    with door(gate) as client:
        late = client.post("/signals?timeout_ms=20", json=fields())
        again = client.post("/signals?timeout_ms=20", json=fields())
        gate.silent.clear()
        known = client.post("/signals", json=fields())

    assert [late.status_code, again.status_code, known.status_code] == [504, 504, 200]
    assert len(gate.asked) == 1


def test_signal_is_asked_again_when_nobody_had_decided_it() -> None:
    gate = Gate(unsent=("s1",))

    with door(gate) as client:
        first = client.post("/signals", json=fields())
        gate.unsent.clear()
        again = client.post("/signals", json=fields())

    assert (first.status_code, again.status_code, len(gate.asked)) == (504, 200, 2)


def test_other_content_is_refused_when_its_id_is_taken() -> None:
    gate = Gate()

    with door(gate) as client:
        client.post("/signals", json=fields())
        other = client.post("/signals", json=fields(quantity="5"))
        account = client.post("/signals", json=fields(account_id="acct-9", quantity="5"))

    assert problem(other) == (409, "$.signal_id")
    assert account.status_code == 200  # Ids are those of an account.
    assert [each.account_id for each in gate.asked] == ["acct-1", "acct-9"]


def test_oldest_is_forgotten_when_too_many_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asks, "REMEMBERED_MAX", 2)
    gate = Gate()

    with door(gate) as client:
        for name in ("s1", "s2", "s3", "s3", "s1"):
            client.post("/signals", json=fields(signal_id=name))

    assert [each.signal_id for each in gate.asked] == ["s1", "s2", "s3", "s1"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"quantity": "-1"}, "$.quantity"),
        ({"quantity": "NaN"}, "$.quantity"),
        ({"side": "up"}, "$.side"),
        ({"signal_id": ""}, "$.signal_id"),
        ({"limit_prise": "1"}, "$.limit_prise"),
        ({"created_at_ms": None}, "$.created_at_ms"),
    ],
)
def test_field_is_named_when_a_signal_is_wrong(changes: dict[str, Any], path: str) -> None:
    gate = Gate()

    with door(gate) as client:
        answer = client.post("/signals", json=fields(**changes))

    assert problem(answer) == (422, path)
    assert answer.json()["error"]
    assert gate.asked == []


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("timeout_ms=0", "?timeout_ms"),
        ("timeout_ms=30001", "?timeout_ms"),
        ("timeout_ms=1e3", "?timeout_ms"),
        ("timeout_ms=-1", "?timeout_ms"),
        ("timeout_ms=", "?timeout_ms"),
        ("timeout_ms=5&timeout_ms=6", "?timeout_ms"),
        ("timeout_ms=%D9%A3", "?timeout_ms"),
        ("timeout=5", "?timeout"),
    ],
)
def test_nothing_is_sent_when_the_timeout_is_not_understood(query: str, path: str) -> None:
    gate = Gate()

    with door(gate) as client:
        answer = client.post(f"/signals?{query}", json=fields())

    assert (problem(answer), gate.asked) == ((422, path), [])


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"", "application/json", 422),
        (b"[" * 10_000, "application/json", 422),
        (b'{"\xff":1}', "application/json", 422),
        (orjson.dumps(fields()), "text/plain", 415),
        (orjson.dumps(fields()), "application/x-www-form-urlencoded", 415),
        (orjson.dumps(fields()), "application/json; charset=utf-8", 200),
        (orjson.dumps(fields()) + b" " * 16_384, "application/json", 413),
    ],
)
def test_body_is_refused_when_it_is_no_small_json(body: bytes, kind: str, status: int) -> None:
    gate = Gate()

    with door(gate) as client:
        answer = client.post("/signals", content=body, headers={"Content-Type": kind})

    assert (answer.status_code, len(gate.asked)) == (status, status == 200)


def test_body_is_read_to_the_last_byte_when_it_is_as_large_as_allowed() -> None:
    body = orjson.dumps(fields())
    padded = body + b" " * (reading.BODY_BYTES_MAX - len(body))

    with door(Gate()) as client:
        answers = [
            client.post("/signals", content=each, headers={"Content-Type": "application/json"})
            for each in (padded, padded + b" ")
        ]

    assert [answer.status_code for answer in answers] == [200, 413]


def test_request_is_refused_and_others_answered_when_too_many_wait() -> None:
    gate = Gate("slow-1", "slow-2")

    with door(gate, door_waiting_max=2) as client, ThreadPoolExecutor() as pool:
        slow = [
            pool.submit(client.post, "/signals", json=fields(signal_id=name))
            for name in ("slow-1", "slow-2")
        ]
        await_waiting(2)
        refused = client.post("/signals", json=fields(signal_id="s3"))
        gate.silent.clear()
        done = [each.result().status_code for each in slow]
        later = client.post("/signals", json=fields(signal_id="s3"))

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert (done, later.status_code) == ([200, 200], 200)
    assert metrics.value("riskgate_door_waiting") == 0


def test_others_are_answered_at_once_when_one_waits_for_long() -> None:
    with door(Gate("slow")) as client, posted(client, "/signals?timeout_ms=1000", signal_id="slow"):
        await_waiting(1)
        began_s = time.monotonic()
        answers = [client.post("/signals", json=fields(signal_id=f"s{n}")) for n in range(5)]
        took_s = time.monotonic() - began_s

    assert [answer.status_code for answer in answers] == [200] * 5
    assert took_s < 0.9


def test_requests_are_counted_by_status_when_they_are_answered() -> None:
    before = {s: metrics.value("riskgate_door_requests_total", status=s) for s in ("200", "422")}

    with door(Gate()) as client:
        client.post("/signals", json=fields())
        client.post("/signals", json={})
        page = client.get("/metrics").text

    after = {s: metrics.value("riskgate_door_requests_total", status=s) for s in ("200", "422")}
    assert after == {status: number + 1 for status, number in before.items()}
    assert 'riskgate_door_requests_total{status="200"}' in page
