"""Run the demo, its console and its pager, and film what people see; every step is asserted."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import orjson
from playwright.sync_api import Page, sync_playwright

from ops.watchers import Delivered, Webhook, watching
from pipeline.archive.days import write_days
from pipeline.demo.traders import RECKLESS
from pipeline.errors import StartupError
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import Settings
from tests.browser.conftest import OPTIONS, WAIT_MS_MAX
from tests.browser.story import scenes
from tests.browser.story.camera import Camera
from tests.browser.story.demo import (
    Demo,
    StoryError,
    running_console,
    running_demo,
    until,
    without_heartbeats,
)
from tests.browser.story.scenes import Visitor, Watch
from topics.topic import DAY_MS

FOLDER = Path(__file__).parents[3] / "build" / "story"
ALERT = "RiskgateEmergencyStop"


def main() -> None:
    """Tell the story; the pictures replace those of the last time."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        visitor = people(stack)  # What is missing is said before the demo runs.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("RISKGATE_")}
        demo = stack.enter_context(running_demo(folder, inherited))
        environment = {**inherited, **demo.settings}
        webhook = stack.enter_context(Webhook())
        stack.enter_context(watching(demo.targets, webhook.url, folder))
        url = stack.enter_context(running_console(folder, environment))
        pager = until(lambda: webhook.first(ALERT), f"nobody was paged about {ALERT}")
        watch = Watch(Camera(FOLDER), url, visitor)
        tell(watch, pager, environment)
        said = archived(demo, environment, folder / "archive")
        page = visitor("mia", "heads")
        watch.camera.print(page, "archive", title="riskgate verify DIR", text=said)
    sys.stdout.write(f"Open the {len(list(FOLDER.iterdir()))} pictures in {FOLDER}\n")


def tell(watch: Watch, pager: Delivered, environment: Mapping[str, str]) -> None:
    """Play the scenes; between them, ask the command line what it thinks of it."""
    (stop_id,) = open_stops(environment)
    scenes.pager_and_why(watch, pager)
    scenes.viewer_may_not(watch)
    scenes.operator_acknowledges(watch)
    assert open_stops(environment) == [stop_id]
    scenes.operator_resumes(watch)
    # On a slow machine it lost so much that its drawdown stops it again at once.
    assert stop_id not in open_stops(environment)
    scenes.audit_lists_it(watch, stop_id)
    scenes.phone_halts(watch)


def people(stack: ExitStack) -> Visitor:
    """Start a browser, and return what opens a page of it for a person of a group."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise StoryError("Chromium is missing: install it with `apt-get install chromium`")
    playwright = stack.enter_context(sync_playwright())
    browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
    stack.callback(browser.close)

    def visitor(name: str, group: str, **options: object) -> Page:
        named = {"X-Forwarded-User": name, "X-Forwarded-Groups": group}
        context = browser.new_context(extra_http_headers=named, **options)  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS_MAX)
        return context.new_page()

    return visitor


def open_stops(environment: Mapping[str, str]) -> list[str]:
    """Return the open stops of the reckless account, as the command line names them."""
    said = _riskgate(environment, "stops", "--account", RECKLESS, "--open", "--json")
    return [str(orjson.loads(line)["stop_id"]) for line in said.splitlines()]


def archived(demo: Demo, environment: Mapping[str, str], folder: Path) -> str:
    """Archive today as if it were over, and return what `riskgate verify` says of it."""
    settings = Settings.model_validate(
        {name.removeprefix("RISKGATE_").lower(): environment[name] for name in environment
         if name.startswith("RISKGATE_")}
    )  # fmt: skip
    # A day that is over is followed by no event of its own; today's still is, each second.
    with without_heartbeats(demo):
        until(lambda: _written(settings, folder), "risk did not decide all events")
    said = _riskgate(environment, "verify", str(folder))
    assert " is whole from " in said, said
    return said


def _written(settings: Settings, folder: Path) -> bool | None:
    now_ms = time.time_ns() // 1_000_000
    try:
        return bool(list(write_days(settings, folder, now_ms=now_ms + 2 * DAY_MS))) or None
    except StartupError:
        return None  # Risk has not decided the last events yet.


def _riskgate(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        riskgate_command(*arguments),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoryError(f"riskgate {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    try:
        main()
    except (StoryError, StartupError) as error:
        sys.exit(f"story: {error}")
