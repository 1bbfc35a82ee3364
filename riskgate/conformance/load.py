"""Find the class that a person names as MODULE:CLASS, and make an engine of it."""

import sys
from importlib import import_module
from pathlib import Path
from typing import cast

from riskgate.conformance.stage import Subject
from riskgate.engine import Engine
from riskgate.venue import Venue

__all__ = ["LoadError", "subject"]

METHODS = ("place", "find", "cancel_all", "reports", "snapshots")


class LoadError(Exception):
    """Say why a name leads to no engine."""


def subject(name: str) -> Subject:
    """Return the engine of a class without arguments: itself, or riskgate's at that venue.

    Modules of the working directory are found, too. Raise LoadError.
    """
    module, _, kind = name.partition(":")
    if not module or not kind:
        raise LoadError("expected MODULE:CLASS, such as my_desk.venue:MyVenue")
    sys.path.append(str(Path.cwd()))
    try:
        made = getattr(import_module(module), kind)()
    except (ImportError, AttributeError, TypeError) as error:
        raise LoadError(f"it cannot be made without arguments ({error})") from error
    if hasattr(made, "obey") and hasattr(made, "work"):
        return cast(Subject, made)
    missing = [method for method in METHODS if not hasattr(made, method)]
    if missing:
        raise LoadError(f"it has no method {missing[0]}; a venue has {', '.join(METHODS)}")
    return Engine(cast(Venue, made))
