"""Run riskgate as a user does: a process, its exit code and what it says."""

import os
import subprocess

from pipeline.streams.roles.children import riskgate_command


def riskgate(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run a command; `brokers="…"` sets RISKGATE_BROKERS."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("RISKGATE_")}
    own = {f"RISKGATE_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.run(
        riskgate_command(*arguments),
        env={**inherited, **own},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
