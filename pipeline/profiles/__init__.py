"""The limits documents that ship: files beside this one, read as any limits file is."""

from pathlib import Path

from pipeline.errors import StartupError

__all__ = ["PROFILES", "profile_path"]

FOLDER = Path(__file__).parent
PROFILES = ("standard", "conservative")


def profile_path(name: str) -> Path:
    """Return the file of a profile. Raise StartupError for a name that does not ship."""
    if name not in PROFILES:
        raise StartupError(f"there is no profile {name!r}; these ship: {', '.join(PROFILES)}")
    return FOLDER / f"{name}.yaml"
