import json
import subprocess

import pytest

import riskgate
from pipeline.streams.roles.children import python_command

HEAVY = {
    "exchange_calendars", "httpx", "jinja2", "numpy", "pandas", "pipeline", "prometheus_client",
    "pydantic", "quixstreams", "requests", "rich", "rocksdict", "ruamel", "starlette", "structlog",
    "typer", "uvicorn",
}  # fmt: skip
# msgspec uses typing_extensions where it is installed.
LIGHT = {"confluent_kafka", "cimpl", "msgspec", "orjson", "riskgate", "topics", "typing_extensions"}
LOADED = f"""
import json, sys
before = set(sys.modules)
from riskgate import {", ".join(riskgate.__all__)}
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(json.dumps(sorted(name for name in new if name not in sys.stdlib_module_names)))
"""


def imported(program: str) -> set[str]:
    command = python_command("-c", program)
    return set(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def test_only_light_packages_are_loaded_when_every_name_is_imported() -> None:
    loaded = imported(LOADED)

    assert loaded & HEAVY == set()
    assert loaded <= LIGHT


def test_nothing_is_loaded_when_only_the_package_is_imported() -> None:
    program = "import json, sys, riskgate; print(json.dumps(sorted(sys.modules)))"

    assert imported(program) & {"confluent_kafka", "msgspec", "topics", "pipeline"} == set()


def test_a_wrong_name_is_refused_when_it_is_imported() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Gates'"):
        _ = riskgate.Gates
