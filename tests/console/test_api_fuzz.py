"""The JSON API answers every question as its own document says, whatever is asked."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipeline.console.answers import QUESTIONS, Asked, Question
from tests import given as an
from tests.console.visit import Browser, visited
from tests.outputs.test_stops import HISTORY

# What an honest client sends, and what others do: digits of other scripts, too much, nothing.
ODD = st.one_of(
    st.text(max_size=300),
    st.integers().map(str),
    st.sampled_from(["", "0", "-1", "٣", "1e9", "9" * 30, "\x00", an.ACCOUNT, "true"]),
)


@pytest.fixture(scope="module")
def console() -> Browser:
    return visited(*HISTORY)


def values(asked: Asked) -> st.SearchStrategy[str]:
    likely = st.sampled_from(asked.among) if asked.among else st.just(an.ACCOUNT)
    return st.one_of(likely, st.integers(0, 600).map(str) if asked.most else likely, ODD)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.path)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_answer_is_what_the_document_says_when_anything_is_asked(
    console: Browser, question: Question, data: st.DataObject
) -> None:
    asked = {each.name: values(each) for each in question.asked}
    query = data.draw(st.fixed_dictionaries({}, optional=asked))

    answer = console.get(question.path, params=query)

    document = console.get("/api/openapi.json").json()
    told = document["paths"][question.path]["get"]["responses"]
    assert str(answer.status_code) in told
    assert problems(document, told[str(answer.status_code)], answer.json()) == []


def problems(document: Any, told: Any, answer: Any) -> list[str]:
    schema = told["content"]["application/json"]["schema"]
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(answer)]
