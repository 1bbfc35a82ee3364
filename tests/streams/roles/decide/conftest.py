"""Rows of account_states go out whenever a test asks, not ten times a second."""

import pytest

from pipeline.streams.roles.decide import state_publisher


@pytest.fixture(autouse=True)
def rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no row wait for its time, or for the next turn."""
    monkeypatch.setattr(state_publisher, "ROWS_SECONDS", 0.0)
    monkeypatch.setattr(state_publisher, "SLICE_SECONDS", 60.0)
    monkeypatch.setattr(state_publisher, "BEHIND_ROWS_SECONDS", 0.0)
