"""The OpenAPI document of the JSON API, made from the same table that answers it."""

from importlib.metadata import version
from typing import Any

import msgspec

from pipeline.console.answers import QUESTIONS, Asked, Question
from pipeline.console.asking import TEXT_MAX

__all__ = ["document"]

REFERENCE = "#/components/schemas/{name}"


def document() -> dict[str, Any]:
    """Return the document; JSON of any shape, hence untyped."""
    answers = [question.answer for question in QUESTIONS]
    schemas, parts = msgspec.json.schema_components(answers, ref_template=REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {"title": "riskgate console", "version": version("riskgate-kafka")},
        "paths": {
            question.path: {"get": _operation(question, schema)}
            for question, schema in zip(QUESTIONS, schemas, strict=True)
        },
        "components": {"schemas": {**parts, "Problem": _PROBLEM}},
    }


_PROBLEM = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
}
_PROBLEMS = {
    "400": "What is asked makes no sense.",
    "403": "Not for you.",
    "404": "Unknown.",
    "503": "Kafka does not answer.",
}


def _operation(question: Question, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": question.says,
        "operationId": question.path.removeprefix("/api/").replace("-", "_"),
        "parameters": [_parameter(asked) for asked in question.asked],
        "responses": {
            "200": {"description": question.says, "content": _json(schema)},
            **{
                code: {
                    "description": says,
                    "content": _json({"$ref": REFERENCE.format(name="Problem")}),
                }
                for code, says in _PROBLEMS.items()
            },
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _parameter(asked: Asked) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "maxLength": TEXT_MAX}
    if asked.is_needed:
        schema["minLength"] = 1
    if asked.most:
        least = 0 if asked.is_needed else 1
        schema = {"type": "integer", "minimum": least, "maximum": asked.most}
    elif asked.among:
        schema = {"type": "string", "enum": list(asked.among)}
    return {
        "name": asked.name,
        "in": "query",
        "description": asked.says,
        "required": asked.is_needed,
        "schema": schema,
    }
