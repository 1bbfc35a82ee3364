"""Files of lines that a command writes."""

import os
import stat
import threading
from pathlib import Path

from pipeline.replay.line_files import written


def test_pipe_takes_the_lines_and_stays_when_it_is_named_as_the_file(tmp_path: Path) -> None:
    pipe, taken = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: taken.append(pipe.read_bytes()), daemon=True)
    reader.start()

    with written(pipe) as lines:
        lines.write(b"{}\n")
    reader.join()

    assert taken == [b"{}\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_file_is_there_once_it_is_whole_when_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"

    with written(file) as lines:
        lines.write(b"{}\n")
        assert not file.exists()

    assert file.read_bytes() == b"{}\n"
