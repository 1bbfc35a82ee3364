"""Whether the life before ended without a word, known from a file beside the state."""

from pathlib import Path

import pytest

from pipeline.streams.engine.clean_end import noted_life
from pipeline.streams.role_interface import Stopped


def test_first_life_is_clean(tmp_path: Path) -> None:
    with noted_life(tmp_path / "state", "risk") as is_unclean:
        assert not is_unclean


def test_next_life_is_clean_when_the_last_one_said_why_it_stopped(tmp_path: Path) -> None:
    with pytest.raises(Stopped), noted_life(tmp_path, "risk"):
        raise Stopped("the log changed")

    with noted_life(tmp_path, "risk") as is_unclean:
        assert not is_unclean


def test_next_life_is_unclean_when_the_last_one_ran_out_of_memory(tmp_path: Path) -> None:
    with pytest.raises(MemoryError), noted_life(tmp_path, "risk"):
        raise MemoryError

    with noted_life(tmp_path, "risk") as is_unclean:
        assert is_unclean
    with noted_life(tmp_path, "ingest") as is_other_unclean:
        assert not is_other_unclean
