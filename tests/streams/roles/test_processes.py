import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.streams.roles_for_test import wait_for

PROGRAM = """
import sys
from pathlib import Path
from pipeline.streams.roles.processes import run_each
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings
from tests.streams import roles_for_test

if __name__ == "__main__":
    settings = Settings(http_port={port}, state_dir=Path({folder!r}))
    run = getattr(roles_for_test, {run!r})
    sys.exit(run_each([RoleName.INGEST, RoleName.RISK], settings, run=run))
"""


class Started:
    def __init__(
        self, folder: Path, run: str, *, port: int = 9400, cwd: Path | None = None
    ) -> None:
        program = folder / "program.py"
        program.write_text(PROGRAM.format(port=port, folder=str(folder), run=run))
        self.process = subprocess.Popen(
            [sys.executable, str(program)],  # As the script `riskgate` is started.
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={"PYTHONPATH": str(Path.cwd())},
        )
        self._folder = folder

    def child(self, role: str) -> tuple[int, int]:
        pid, port = wait_for(self._folder / role).split()
        return int(pid), int(port)

    def end(self) -> tuple[int, str]:
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_roles_end_well_when_a_signal_comes(tmp_path: Path, number: int) -> None:
    started = Started(tmp_path, "run_until_told")
    ports = [started.child("ingest")[1], started.child("risk")[1]]

    started.process.send_signal(number)

    assert started.end() == (0, "")
    assert ports == [9400, 9401]
    assert (tmp_path / "ingest-ended").exists()
    assert (tmp_path / "risk-ended").exists()


def test_every_role_takes_any_port_when_the_setting_is_0(tmp_path: Path) -> None:
    started = Started(tmp_path, "run_until_told", port=0)

    ports = [started.child("ingest")[1], started.child("risk")[1]]

    started.process.terminate()
    started.end()
    assert ports == [0, 0]


def test_roles_are_riskgates_own_when_the_folder_has_modules_of_the_same_names(
    tmp_path: Path,
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # multiprocessing itself imports the last three, before it knows where to look.
    for name in ("pipeline", "topics", "signal", "selectors", "tempfile"):
        (elsewhere / f"{name}.py").write_text(f"raise SystemExit('{name} of somebody else')")
    started = Started(tmp_path, "run_until_told", cwd=elsewhere)
    started.child("risk")

    started.process.terminate()

    assert started.end() == (0, "")


def test_all_roles_end_and_the_code_is_1_when_one_ends_by_itself(tmp_path: Path) -> None:
    started = Started(tmp_path, "risk_ends")

    code, said = started.end()

    assert code == 1
    assert said == "riskgate: risk exited, so all roles stop; its own log says why\n"
    assert (tmp_path / "ingest-ended").exists()


def test_all_roles_end_with_its_sentence_when_one_cannot_start(tmp_path: Path) -> None:
    started = Started(tmp_path, "risk_cannot_start")

    code, said = started.end()

    assert code == 2
    assert said.startswith("riskgate: no luck; try again\n")
    assert "Traceback" not in said


def test_all_roles_end_when_one_is_killed(tmp_path: Path) -> None:
    started = Started(tmp_path, "run_until_told")
    ingest, risk = started.child("ingest")[0], started.child("risk")[0]

    os.kill(risk, signal.SIGKILL)
    code, _ = started.end()

    assert code == 1
    assert not is_alive(ingest)


def test_roles_end_when_the_process_above_them_is_killed(tmp_path: Path) -> None:
    started = Started(tmp_path, "run_until_told")
    children = [started.child("ingest")[0], started.child("risk")[0]]

    started.process.kill()
    started.end()  # Comes when nobody holds its stderr any more.

    assert [is_alive(pid) for pid in children] == [False, False]
