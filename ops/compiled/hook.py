"""Hatch's build hook: with RISKGATE_COMPILED=1 a wheel gets the compiled core, else it is pure."""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["CompiledCore"]


class CompiledCore(BuildHookInterface[Any]):
    """Adds the extension modules to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the core, unless the build is pure or takes the sources from where they are."""
        if os.environ.get("RISKGATE_COMPILED", "0") in {"", "0"} or version == "editable":
            return
        sys.path.insert(0, str(Path(self.root)))
        from ops.compiled.build import (  # noqa: PLC0415  A pure build needs no compiler.
            BuildError,
            build,
            extensions_in,
        )

        try:
            found = extensions_in(build())
        except BuildError as error:
            sys.exit(f"riskgate: {error}")
        build_data["force_include"] |= found
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
