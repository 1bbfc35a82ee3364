"""Every page answers, says what is old, and sends only what changed."""

import hashlib

import pytest
from jsonschema import Draft202012Validator

from pipeline.console.answers import QUESTIONS, Question
from pipeline.console.application import STATIC
from pipeline.console.live import changes
from pipeline.console.pages import PAGES, Page, Pieces, pieces
from pipeline.streams.clients.broker import BrokerError
from tests import given
from tests.console.visit import Browser, browser, place_of, visited
from tests.outputs.recorded import outputs
from tests.outputs.test_stops import HISTORY

NEEDED = {"/account": "account=acct-1", "/decision": "partition=0&offset=0"}
MADE = (given.account(), given.signal("buy", 2))


@pytest.fixture(scope="module")
def console() -> Browser:
    return visited(*MADE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_page_answers_when_it_is_visited(console: Browser, page: Page) -> None:
    path = page.path
    answer = console.get(f"{path}?{NEEDED.get(path, '')}")

    assert answer.status_code == 200
    assert "<h1>" in answer.text
    assert "hidden><strong>These numbers may be old" in answer.text


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.path)
def test_answer_is_what_the_document_promises_when_it_is_asked(
    console: Browser, question: Question
) -> None:
    document = console.get("/api/openapi.json").json()
    path = question.path
    content = document["paths"][path]["get"]["responses"]["200"]["content"]

    answer = console.get(f"{path}?{NEEDED.get(path.removeprefix('/api'), 'account=acct-1')}")

    schema = {**content["application/json"]["schema"], "components": document["components"]}
    assert answer.status_code == 200
    assert list(Draft202012Validator(schema).iter_errors(answer.json())) == []


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/curve", 400, "account is needed."),
        ("/api/accounts?page=0", 400, "page is a number from 1 to 100000000."),
        ("/api/accounts?sort=beauty", 400, "sort is one of: nearest, account, equity, day, "),
        ("/api/account?account=nobody", 404, "Account nobody has never had an event."),
        ("/api/decision?partition=0&offset=99", 404, "There is no decision at this place"),
        ("/api/decision?partition=0&offset=-1", 400, "offset is a number from 0."),
        ("/api/decisions?rule=" + 201 * "x", 400, "rule has more than 200 characters."),
    ],
)
def test_error_says_what_is_wrong_when_a_question_makes_no_sense(
    console: Browser, path: str, status: int, error: str
) -> None:
    answer = console.get(path)

    assert (answer.status_code, answer.json()["error"][: len(error)]) == (status, error)


@pytest.mark.parametrize("path", ["/decision", "/api/decision"])
def test_answer_is_one_sentence_when_kafka_is_silent(path: str) -> None:
    def fails(*_: object) -> None:
        raise BrokerError("Kafka did not answer within 30 s; try again")

    console = browser(place_of([])._replace(fetch=fails))

    answer = console.get(f"{path}?partition=0&offset=0")

    assert answer.status_code == 503
    assert "Kafka did not answer within 30 s; try again." in answer.text


def test_method_that_would_be_right_is_named_when_another_is_used(console: Browser) -> None:
    answer = console.post("/api/stops")

    allowed = {*answer.headers["allow"].split(", ")}
    assert (answer.status_code, allowed) == (405, {"GET", "HEAD"})


def test_decision_is_explained_in_sentences_when_it_is_opened() -> None:
    found = visited(*MADE, given.control("halt")).get("/api/decision?partition=0&offset=0").json()

    assert found["entry"]["word"] == "rejected"
    assert found["sentences"][0].startswith("REJECTED buy 2 BTC-USD at market: ")
    assert found["checks"][0]["verdict"] == "breach"


def test_banner_says_why_when_numbers_may_be_old() -> None:
    console = browser(place_of(outputs(*MADE), why_stale="Kafka does not answer."))

    page, status = console.get("/").text, console.get("/api/status").json()

    assert 'class="stale"' in page
    assert '<span id="why">Kafka does not answer.</span>' in page
    assert (status["fresh"], status["why"]) == (False, "Kafka does not answer.")


def test_only_changed_rows_are_sent_when_one_account_moved() -> None:
    begin = (given.account("a"), given.account("b"))
    before, after = (
        pieces(visited(*messages).get("/").text)
        for messages in (begin, (*begin, given.control("halt", account_id="b")))
    )

    changed = changes(before, after)

    assert {*changed.html} == {"totals", "row:b"}
    assert changed.order == {"rows": ["row:b", "row:a"]}


def test_nothing_is_sent_when_nothing_changed() -> None:
    found = pieces(visited(*HISTORY).get("/account?account=acct-1").text)

    assert {"head", "stops", "limits", "positions"} <= {*found.html}
    assert changes(found, found) == Pieces({}, {})


def test_library_is_the_one_that_was_released_when_its_files_are_hashed() -> None:
    folder = STATIC / "uplot"
    sums = dict(line.split()[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())

    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "SHA256SUMS"
    }

    assert found == sums


def test_no_file_asks_another_host_when_the_pages_are_read() -> None:
    files = [*STATIC.glob("*.*"), *(STATIC.parent / "templates").iterdir()]

    asking = [path.name for path in files if "://" in path.read_text().replace(_SVG, "")]

    assert asking == []
    assert len(files) > 10


_SVG = 'xmlns="http://www.w3.org/2000/svg"'
