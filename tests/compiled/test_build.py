"""Where the core cannot be compiled, one sentence says why and what to do."""

import sysconfig
from pathlib import Path

import pytest

from ops.compiled import build as module


def test_one_sentence_says_what_to_install_when_there_is_no_compiler(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("CC", "no-compiler-here")
    code = module.main(tmp_path)

    assert (code, list(tmp_path.iterdir())) == (1, [])
    assert capsys.readouterr().err == (
        "riskgate: compiling the core needs the C compiler no-compiler-here, which is not there: "
        "install one (apt-get install gcc libc6-dev), or leave out COMPILED=1\n"
    )


def test_headers_of_python_are_asked_for_when_they_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    monkeypatch.setenv("CC", "true")

    with pytest.raises(module.BuildError, match=r"install Python's headers"):
        module.build(tmp_path / "built")
