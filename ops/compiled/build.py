"""Builds the compiled core: the packages, with an extension module beside each compiled source.

`python -m ops.compiled.build` writes them to build/compiled, where a compiled wheel takes them.
Nothing is compiled again while no source changed. Sources stay as they are, because the version
of the rules is a digest of them.
"""

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from ops.compiled.rewrite import EDGE, rewritten
from ops.compiled.sources import module_of, modules_in

__all__ = ["BUILT", "BuildError", "build", "extensions_in", "write_sources"]

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / "build" / "compiled"
PACKAGES = ("riskgate", "topics", "pipeline")
CORE = "pipeline.risk"
FURTHER = ("topics.written",)  # Numbers as text.
BY_HAND = Path(__file__).with_name("writer.c")  # Takes the place of topics/writer.py.
# Stay interpreted: what finds the rules, a class of msgspec's, and what reads limits documents and
# state, which no event runs through.
INTERPRETED = frozenset(
    f"{CORE}.{name}"
    for name in (
        "limits.document",
        "limits.listing",
        "limits.values",
        "rules",
        "state",
        "statistics.bars",
        "unknown_check",
    )
)
# `make lint` checks what stays interpreted, against the records as they are in the source.
_SETTINGS = "[mypy]\nexplicit_package_bases = True\n" + "".join(
    f"[mypy-{name}]\nignore_errors = True\n" for name in sorted(INTERPRETED)
)


class BuildError(Exception):
    """Why the core cannot be compiled here; one sentence that says what to do."""


def build(target: Path = BUILT) -> Path:
    """Write the packages with the compiled core to a folder, and return it."""
    texts = rewritten_texts()
    written, done, digest = target / "rewritten", target / "digest", _digest(texts)
    if not done.exists() or done.read_text() != digest:
        _require_compiler()
        sys.stdout.write("Compiling the core; this takes two to three minutes of one core\n")
        sys.stdout.flush()
        shutil.rmtree(target, ignore_errors=True)
        _compile(written, write_sources(written, texts))
        if _digest(rewritten_texts()) != digest:
            raise BuildError("a source changed while the core was compiled; build it again")
        done.write_text(digest)
    for name in PACKAGES:
        shutil.rmtree(target / name, ignore_errors=True)
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in _extensions(written):
        place = target / path.relative_to(written)
        place.unlink(missing_ok=True)  # A process that runs it keeps what it has.
        shutil.copy(path, place)
    return target


def extensions_in(target: Path) -> dict[str, str]:
    """Return every extension module of a build, and its place beside the packages."""
    return {str(path): path.relative_to(target).as_posix() for path in _extensions(target)}


def _extensions(folder: Path) -> Iterator[Path]:
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    yield from folder.glob(f"*{suffix}")
    for name in PACKAGES:
        yield from folder.glob(f"{name}/**/*{suffix}")


def rewritten_texts() -> dict[str, str]:
    """Return what the compiler compiles, by module."""
    modules = modules_in(ROOT / "pipeline" / "risk", CORE)
    for name in FURTHER:
        modules[name] = module_of(name, (ROOT / _place(name)).read_text())
    packages = {name for name in modules if any(other.startswith(f"{name}.") for other in modules)}
    texts = rewritten(modules, INTERPRETED | packages | {EDGE})
    return {**texts, EDGE: Path(__file__).with_name("structs.py").read_text()}


def write_sources(folder: Path, texts: dict[str, str]) -> list[str]:
    """Write what the compiler reads to a folder, and return the places of what it compiles."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in texts.items():
        (folder / _place(name)).write_text(text)
    shutil.copy(BY_HAND, folder / "topics")
    return sorted(_place(name).as_posix() for name in texts)


def _place(module: str) -> Path:
    return Path(*module.split(".")).with_suffix(".py")


def _compile(folder: Path, places: list[str]) -> None:
    """Compile modules in a folder; what the compilers say is in its file `log`."""
    try:
        from ops.compiled.compiler import compile_modules  # noqa: PLC0415  Needs what only a build has.
    except ImportError as error:
        raise BuildError(f"compiling the core needs {error.name}: run make install first") from None
    (folder / "mypy.ini").write_text(_SETTINGS)
    log = folder / "log"
    try:
        with chdir(folder), log.open("w") as said, redirect_stdout(said), redirect_stderr(said):
            compile_modules(places)
    except (Exception, SystemExit) as error:
        raise BuildError(f"the core does not compile ({error}); {log} says why") from error


def _require_compiler() -> None:
    compiler = os.environ.get("CC") or str(sysconfig.get_config_var("CC") or "cc")
    headers = Path(sysconfig.get_paths()["include"], "Python.h")
    if shutil.which(compiler.split()[0]) is None:
        raise BuildError(
            f"compiling the core needs the C compiler {compiler.split()[0]}, which is not there: "
            "install one (apt-get install gcc libc6-dev), or leave out COMPILED=1"
        )
    if not headers.exists():
        raise BuildError(
            f"compiling the core needs {headers}, which is not there: install Python's headers "
            "(apt-get install python3-dev), or leave out COMPILED=1"
        )


def _digest(texts: dict[str, str]) -> str:
    """Return a digest of all that decides what comes out of the compiler."""
    topics = [path.read_text() for path in sorted((ROOT / "topics").rglob("*.py"))]
    compiler = Path(__file__).with_name("compiler.py").read_text() + BY_HAND.read_text()
    flags = str(sysconfig.get_config_var("CFLAGS"))
    digest = blake2b(digest_size=16)
    for text in (sys.version, version("mypy"), flags, compiler, *topics, *sorted(texts.values())):
        digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()


def main(target: Path = BUILT) -> int:
    """Build, or say in one sentence why not."""
    try:
        build(target)
    except BuildError as error:
        sys.stderr.write(f"riskgate: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
