"""What the image contains, as a committed list, and whether anything of it is known to be unsafe.

    python -m ops.audit          compare the list with the locks, then ask for known vulnerabilities
    python -m ops.audit --write  write the list anew, after a lock changed

The list is CycloneDX, made of the lock alone: any scanner reads it, and its difference shows in a
review which package came, left or changed. Without a network nobody is asked, and that is said.
"""

import json
import re
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path
from typing import Any

__all__ = ["components", "differences", "main"]

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements-image.lock"
LISTED = ROOT / "ops" / "image.cdx.json"
ADVISORIES = "https://pypi.org/pypi/pip/json"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)")
Json = dict[str, Any]


def components(lock: str) -> list[Json]:
    """Return what a lock pins; its hashes stay in the lock."""
    pinned = (PINNED.match(line) for line in lock.splitlines())
    return [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}
        for name, version in (found.groups() for found in pinned if found is not None)
    ]


def differences(listed: list[Json], locked: list[Json]) -> list[str]:
    """Return in words what the lock has that the list has not, and the other way round."""
    before = {each["name"]: each for each in listed}
    now = {each["name"]: each for each in locked}
    left = [f"- {name} {before[name]['version']} left" for name in before if name not in now]
    came = [f"+ {name} {now[name]['version']} came" for name in now if name not in before]
    changed = [
        f"~ {name} {before[name]['version']} became {now[name]['version']}"
        for name in before
        if name in now and before[name] != now[name]
    ]
    return sorted([*left, *came, *changed])


def document(found: list[Json]) -> str:
    """Write the list as CycloneDX."""
    header = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1}
    return json.dumps(header | {"components": found}, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Compare, or write; return 1 where something differs or is known to be unsafe."""
    locked = components(LOCK.read_text())
    if arguments == ["--write"]:
        LISTED.write_text(document(locked))
        return 0
    found = differences(json.loads(LISTED.read_text())["components"], locked)
    say(*found)
    if found:
        say("If that is meant, write the list anew with: python -m ops.audit --write")
        return 1
    say(f"The list of the image's {len(locked)} packages is what the lock pins.")
    if not is_connected():
        say("Known vulnerabilities were not asked for: there is no network.")
        return 0
    return ask()


def is_connected() -> bool:
    """Whether the index that knows vulnerabilities answers."""
    try:
        with urllib.request.urlopen(ADVISORIES, timeout=5) as answer:
            return b'"vulnerabilities"' in answer.read()
    except (OSError, ValueError):
        return False


def ask() -> int:
    """Ask pip-audit about every package of the lock."""
    uv = str(Path(sysconfig.get_path("scripts")) / "uv")
    command = [
        uv,
        "tool",
        "run",
        "--quiet",
        "pip-audit==2.9.0",
        "--disable-pip",
        "--require-hashes",
    ]
    told = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off", "-r", str(LOCK)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not told.stdout.strip():
        say(f"pip-audit did not answer: {told.stderr.strip()[-300:]}")
        return 1
    lines, is_safe = judged(json.loads(told.stdout)["dependencies"])
    say(*lines)
    return 0 if is_safe else 1


def judged(packages: list[Json]) -> tuple[list[str], bool]:
    """Return what pip-audit found in words, and whether nothing known is unsafe."""
    unsafe = [
        f"{each['name']} {each['version']} is known to be unsafe: {flaw['id']}"
        for each in packages
        for flaw in each.get("vulns", [])
    ]
    unknown = sum("skip_reason" in each for each in packages)
    known = len(packages) - unknown
    said = (
        f"Advisories were asked for about {known} packages; the index knows {unknown} not at all."
    )
    return [*unsafe, said], not unsafe


def say(*lines: str) -> None:
    """Print lines."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
