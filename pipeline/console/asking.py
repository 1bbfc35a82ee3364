"""What a request asks for in its query string; what makes no sense is an error and not a guess."""

from collections.abc import Collection

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

__all__ = ["TEXT_MAX", "choice", "flag", "number", "text"]

TEXT_MAX = 200


def text(query: QueryParams, name: str) -> str:
    """Return a text; empty without one. Raise HTTPException if it is too long."""
    found = query.get(name, "").strip()
    if len(found) > TEXT_MAX:
        raise HTTPException(400, f"{name} has more than {TEXT_MAX} characters.")
    return found


def choice(query: QueryParams, name: str, among: Collection[str], *, default: str) -> str:
    """Return one of several words. Raise HTTPException for any other."""
    found = query.get(name) or default
    if found not in among:
        raise HTTPException(400, f"{name} is one of: {', '.join(among)}.")
    return found


def number(query: QueryParams, name: str, *, default: int, most: int) -> int:
    """Return a number from 1. Raise HTTPException for anything else."""
    found = query.get(name) or str(default)
    if not (found.isascii() and found.isdigit() and len(found) < 10 and 1 <= int(found) <= most):
        raise HTTPException(400, f"{name} is a number from 1 to {most}.")
    return int(found)


def flag(query: QueryParams, name: str) -> bool:
    """Return whether something is asked for. Raise HTTPException for any word but true, false."""
    return choice(query, name, ("true", "false"), default="false") == "true"
