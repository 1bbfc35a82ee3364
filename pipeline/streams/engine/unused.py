"""What quixstreams imports for serializers that nobody here uses: a quarter of a worker's start.

A schema registry's client with its HTTP libraries, and a validator of JSON schemas. While
quixstreams is imported, empty modules stand in for them; after that they can be imported as ever.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

__all__ = ["left_out"]

UNUSED = (
    "confluent_kafka.schema_registry",
    "confluent_kafka.schema_registry.json_schema",
    "jsonschema",
)


class _Empty(ModuleType):
    """A module that has a class under every name: whoever imports it can name it, no more."""

    def __getattr__(self, name: str) -> type[Exception]:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})  # Named in `except` clauses, too.


@contextmanager
def left_out() -> Iterator[None]:
    """Let imports find empty modules in these places, unless the real ones are there."""
    empty = {name: _Empty(name) for name in UNUSED if name not in sys.modules}
    sys.modules.update(empty)
    try:
        yield
    finally:
        for name in empty:
            del sys.modules[name]
