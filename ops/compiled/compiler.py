"""Runs mypyc and the C compiler on the modules in the current folder, and on what is in C itself.

Apart from build.py, because only where something is compiled are mypyc and setuptools installed.
"""

import re
from pathlib import Path

from mypyc.build import mypycify
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

__all__ = ["compile_modules"]

BY_HAND = Extension("topics.writer", ["topics/writer.c"])
GROUP = "riskgate_core"  # Names the shared library beside the packages.
OPTIMIZED = "2"
_RUNS_ONCE = """
#if defined(__clang__)
#define RUNS_ONCE
#else
#define RUNS_ONCE __attribute__((cold, optimize("O0")))
#endif
"""


class _BuildWithoutWarnings(build_ext):  # type: ignore[misc]  # setuptools has no types.
    """gcc takes longer to look for warnings in generated code than to compile it."""

    def build_extensions(self) -> None:
        self.compiler.compiler_so = [each for each in self.compiler.compiler_so if each != "-Wall"]
        super().build_extensions()


def compile_modules(places: list[str]) -> None:
    """Write an extension module beside each module; mypy.ini has the type checker's settings."""
    extensions = mypycify(
        ["--config-file=mypy.ini", *places],
        opt_level=OPTIMIZED,
        debug_level="0",
        group_name=GROUP,
    )
    _compile_imports_fast(Path("build"))
    command = _BuildWithoutWarnings(Distribution({"ext_modules": [*extensions, BY_HAND]}))
    command.inplace = True
    command.ensure_finalized()
    command.run()


def _compile_imports_fast(folder: Path) -> None:
    """Let gcc compile without optimizing what runs once, while a module is imported.

    Those functions are long, so they would take most of its time. mypyc also indents ever deeper.
    """
    once = re.compile(r"^(?=char CPyDef_\w+__top_level__\(void\) \{)", re.MULTILINE)
    for path in folder.glob("*.c"):
        text = re.sub(r"^ +", " ", path.read_text(), flags=re.MULTILINE)
        path.write_text(_RUNS_ONCE + once.sub("RUNS_ONCE ", text))
