"""A batch is set aside only where it is what ended the child."""

import pytest

from pipeline.streams.engine import guarded
from pipeline.streams.role_interface import Stopped

PLACE = ("signals", 0)


def test_nothing_is_set_aside_when_the_batch_at_the_end_of_a_child_can_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded, "_refused_size", lambda *_: None)
    monkeypatch.setattr(guarded, "find_refused", lambda *_: None)

    with pytest.raises(Stopped, match="holds nothing large"):
        guarded._find_end(PLACE, 7, {})
