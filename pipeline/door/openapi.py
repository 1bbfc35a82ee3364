"""The OpenAPI document of the door; its schemas are those of the topics."""

import re
from importlib.metadata import version
from typing import Any

from pipeline.door.reading import TIMEOUT_MS, TIMEOUT_MS_MAX
from topics.schema import asyncapi

__all__ = ["document"]

REFERENCE = "#/components/schemas/"
PROBLEMS = {
    "400": "The client left before its body was complete.",
    "408": "The body did not come in time.",
    "409": "The signal_id belongs to a signal of other content.",
    "413": "The body is too large.",
    "415": "The content type is not application/json.",
    "422": "The signal or the timeout is wrong; `path` names the field.",
    "503": "Too many requests wait, or the door is closing; try again in a second.",
}

Document = dict[str, Any]  # JSON.


def document() -> Document:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "riskgate HTTP door", "version": version("riskgate-kafka")},
        "paths": {"/signals": {"post": _operation()}},
        "components": {"schemas": {**_schemas("Signal", "Decision"), "Problem": _PROBLEM}},
    }


_PROBLEM = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "path": {"type": "string"}},
    "required": ["error"],
}


def _operation() -> Document:
    decided = "The decision: approved, modified, rejected or ignored."
    nobody = "No decision came in time: rejected, with the reason `no answer` and sequence 0."
    return {
        "summary": "Send a signal once and wait for its decision.",
        "operationId": "signals",
        "parameters": [
            {
                "name": "timeout_ms",
                "in": "query",
                "description": "How long to wait, in milliseconds.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": TIMEOUT_MS_MAX,
                    "default": TIMEOUT_MS,
                },
            }
        ],
        "requestBody": {"required": True, "content": _json("Signal")},
        "responses": {
            "200": {"description": decided, "content": _json("Decision")},
            "504": {"description": nobody, "content": _json("Decision")},
            **{
                code: {"description": text, "content": _json("Problem")}
                for code, text in PROBLEMS.items()
            },
            "403": {
                "description": "Not for you; the text says why.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
        },
    }


def _json(name: str) -> Document:
    return {"application/json": {"schema": {"$ref": f"{REFERENCE}{name}"}}}


def _schemas(*names: str) -> Document:
    """Return the schemas of these messages and all that they refer to."""
    known = asyncapi("")["components"]["schemas"]
    found: Document = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = known[name]
            wanted += re.findall(rf"'{REFERENCE}([^']+)'", str(known[name]))
    return found
