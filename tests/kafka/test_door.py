"""`riskgate door` with riskgate and a real broker, asked as docs/http.md says."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import orjson

from riskgate import NO_ANSWER
from tests import given
from tests.kafka.world import Worker, World, until
from tests.pages import shell


def fields(signal_id: str) -> dict[str, object]:
    return {
        "signal_id": signal_id,
        "account_id": "acct-1",
        "symbol": "BTC-USD",
        "side": "buy",
        "quantity": "2",
        "created_at_ms": int(time.time() * 1000),
    }


def url(door: Worker) -> str:
    """Return where the door answers, once its log says so."""
    place = until(lambda: door.log().partition("http://127.0.0.1:")[2], door.log)
    return f"http://127.0.0.1:{place.partition(chr(34))[0]}"


def test_decision_of_the_gate_is_answered_when_curl_posts_a_signal(world: World) -> None:
    door = world.start("door", door_port=0)
    world.run("ingest", "risk", "broadcast")
    world.send(given.limits(given.only()), given.instrument(), given.account(), given.price(100))
    world.await_price()
    command = shell("http", "ask").replace("http://127.0.0.1:9481", url(door))

    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=60)
    again = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=60)
    code = door.end()

    found = orjson.loads(done.stdout)
    (decided,) = world.read("decisions", bool)
    assert (found["verdict"], found["approved_quantity"]) == ("approved", "2")
    assert found == decided
    assert orjson.loads(again.stdout)["path"] == "$.signal_id"  # Made at another time.
    assert code == 0


def test_one_signal_is_written_when_nobody_decides_it_and_it_is_posted_again(world: World) -> None:
    door = world.start("door", door_port=0)
    signals = f"{url(door)}/signals?timeout_ms=300"
    posted = fields("s1")

    answers = [httpx.post(signals, json=posted) for _ in range(3)]
    code = door.end()

    (row,) = world.read("signals", bool)
    assert [answer.status_code for answer in answers] == [504] * 3
    assert answers[0].json()["reasons"] == [NO_ANSWER]
    assert (row["signal_id"], code) == ("s1", 0)
    assert 0 <= row["expires_at_ms"] - int(str(posted["created_at_ms"])) - 300 < 5000


def test_those_who_wait_are_answered_when_the_door_is_told_to_end(world: World) -> None:
    door = world.start("door", door_port=0)
    signals = f"{url(door)}/signals?timeout_ms=30000"

    with ThreadPoolExecutor() as pool:
        asked = pool.submit(httpx.post, signals, json=fields("s1"), timeout=40)
        world.read("signals", bool)
        began_s = time.monotonic()
        code = door.end()

    assert (asked.result().status_code, code) == (504, 0)
    assert asked.result().json()["checks"][0]["message"] == "The door is closing"
    assert time.monotonic() - began_s < 15
    assert "Traceback" not in door.log()


def test_door_says_in_one_sentence_what_is_missing_when_it_cannot_begin(world: World) -> None:
    door = world.start("door", door_port=0, topic_prefix="nowhere.")

    assert door.code() == 2
    assert "nowhere.decisions is missing; create it with: riskgate topics create" in door.log()
    assert "Traceback" not in door.log()
