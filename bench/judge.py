"""`riskgate verify` on all that a bench published."""

import subprocess
import sys
from pathlib import Path

import orjson

from bench.pipeline import environment_of
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import Settings

__all__ = ["judged"]

SECONDS_MAX = 900


def judged(settings: Settings, folder: Path) -> int:
    """Print each finding and return how many there are. Raise SystemExit when it cannot read."""
    found = folder / "findings.jsonl"
    with found.open("wb") as stream:
        code = subprocess.run(
            riskgate_command("verify", "--json"),
            env=environment_of(settings),
            stdout=stream,
            timeout=SECONDS_MAX,
            check=False,
        ).returncode
    *findings, last = found.read_text().splitlines() or [""]
    if code not in {0, 1} or not last.startswith('{"summary"'):
        raise SystemExit(f"riskgate verify could not read and exited with {code}")
    for line in findings:
        sys.stdout.write(f"{line}\n")
    summary: dict[str, int] = orjson.loads(last)["summary"]
    return summary["findings"]
