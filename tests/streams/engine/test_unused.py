"""A worker starts without what quixstreams imports for serializers that nobody uses."""

import subprocess

from pipeline.streams.roles.children import python_command

PROGRAM = """
import sys
import pipeline.streams.engine.application
print(sorted({"authlib", "jsonschema", "confluent_kafka.schema_registry"} & set(sys.modules)))
import jsonschema
print(jsonschema.Draft202012Validator({"type": "string"}).is_valid("a"))
"""


def test_unused_libraries_are_left_out_and_can_be_imported_later() -> None:
    done = subprocess.run(python_command("-c", PROGRAM), capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[]", "True"]
