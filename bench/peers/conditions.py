"""What a table was measured on: without it no figure means anything."""

import os
import platform
import sys
import sysconfig

__all__ = ["conditions", "python"]


def conditions() -> str:
    """Return one sentence about the machine, its load, the Python build."""
    load = " / ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"Measured with a load of {load} (over 1, 5 and 15 minutes) on {os.cpu_count()} cores, "
        f"Python {python()}."
    )


def python() -> str:
    """Return the version of this Python and how it was built."""
    return f"{platform.python_version()} {_python_build()}"


def _python_build() -> str:
    if sys.base_prefix == "/usr":  # Debian's options are those of its shared library.
        return "of the system"
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    if not arguments:
        return "of an unknown build"
    options = {"PGO": "--enable-optimizations", "LTO": "--with-lto"}
    return ", ".join(
        f"{'with' if option in arguments else 'without'} {name}" for name, option in options.items()
    )
