"""Who may send a signal at the door, and who learns what."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from pipeline.streams.settings import Settings
from tests.door.answering import Gate, door, fields

PROXY = "10.1.0.7"
BEHIND: dict[str, Any] = {"console_proxies": ("10.1.0.0/16",), "door_groups": ("traders",)}
ADA = {"X-Forwarded-User": "ada", "X-Forwarded-Groups": "traders,other"}


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (PROXY, ADA, 200),
        ("10.2.0.7", ADA, 403),  # No proxy of ours.
        ("127.0.0.1", ADA, 403),
        (PROXY, {}, 403),
        (PROXY, ADA | {"X-Forwarded-Groups": "others"}, 403),
        (PROXY, ADA | {"Host": "evil.example"}, 400),
    ],
)
def test_signal_is_sent_for_named_users_alone_when_a_proxy_stands_before(
    address: str, headers: dict[str, str], status: int
) -> None:
    gate = Gate()

    with door(gate, address=address, **BEHIND) as client:
        answer = client.post("/signals", json=fields(), headers=headers)

    assert (answer.status_code, len(gate.asked)) == (status, status == 200)


def test_console_viewers_do_not_send_signals_when_the_door_has_groups() -> None:
    viewer = ADA | {"X-Forwarded-Groups": "desk"}

    with door(Gate(), address=PROXY, console_viewers=("desk",), **BEHIND) as client:
        answer = client.post("/signals", json=fields(), headers=viewer)

    assert answer.status_code == 403
    assert answer.text == "You are in no group that may send signals."


def test_kubelet_and_prometheus_are_answered_when_they_are_no_proxy() -> None:
    with door(Gate(), address="10.9.0.1", **BEHIND) as client:
        answers = [client.get(path).status_code for path in ("/livez", "/readyz", "/metrics")]
        others = [client.get(path).status_code for path in ("/openapi.json", "/signals", "/")]

    assert (answers, others) == ([200] * 3, [403] * 3)


def test_door_does_not_start_for_others_when_nobody_authenticates_them() -> None:
    with pytest.raises(ValidationError, match=r"DOOR_HOST 0\.0\.0\.0 lets others in"):
        Settings.model_validate({"door_host": "0.0.0.0"})

    open_door = Settings.model_validate({"door_host": "0.0.0.0", "console_proxies": "10.0.0.1"})
    assert open_door.console_proxies == ("10.0.0.1",)


@pytest.mark.parametrize("quantity", ["2", "-1"])
def test_answer_is_what_the_document_says_when_a_signal_is_posted(quantity: str) -> None:
    with door(Gate()) as client:
        document = client.get("/openapi.json").json()
        answer = client.post("/signals", json=fields(quantity=quantity))

    said = document["paths"]["/signals"]["post"]["responses"][str(answer.status_code)]
    schema = said["content"]["application/json"]["schema"] | {"components": document["components"]}
    assert list(Draft202012Validator(schema).iter_errors(answer.json())) == []
    body = document["components"] | {"$ref": "#/schemas/Signal"}
    assert "quantity" in body["schemas"]["Signal"]["properties"]


def test_other_methods_and_paths_are_refused_when_they_are_asked() -> None:
    with door(Gate()) as client:
        answers = [client.get("/signals"), client.options("/signals"), client.post("/signal")]

    assert [answer.status_code for answer in answers] == [405, 405, 404]
    assert [answer.json() for answer in answers[:1]] == [{"error": "Method Not Allowed"}]
