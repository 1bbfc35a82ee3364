"""The scenes, in order; each asserts what it shows."""

import re
from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Page, expect

from ops.watchers import Delivered
from pipeline.demo.traders import RECKLESS
from tests.browser.story.camera import Camera

__all__ = [
    "Visitor",
    "Watch",
    "audit_lists_it",
    "operator_acknowledges",
    "operator_resumes",
    "pager_and_why",
    "phone_halts",
    "viewer_may_not",
]

OTHER = "reversion-01"
LIMIT = "40,000"  # 4 % of a million: pipeline/demo/limits_reckless.yaml.
WHY_RESUMED = "The strategy is switched off; the desk may close what others opened"
WHY_SEEN = "Calling the desk"
WHY_HALTED = "Halted from a phone: prices look wrong"
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}


Visitor = Callable[..., Page]  # Name, group, and what the browser is.


class Watch(NamedTuple):
    """Who looks, and with what."""

    camera: Camera
    url: str
    visitor: Visitor


def pager_and_why(watch: Watch, pager: Delivered) -> None:
    """The pager names the account, and the console shows why, what was closed, and the limit."""
    page = watch.visitor("eve", "all")
    message = "\n\n".join(f"{name}: {text}" for name, text in pager.annotations.items())
    stopped = pager.annotations["description"].partition("Stopped now: ")[2]
    assert RECKLESS in stopped.rstrip(".").split(", "), pager.annotations
    title = f"{pager.receiver}: {pager.name} ({pager.labels['severity']})"
    watch.camera.print(page, "pager", title=title, text=message)

    page.goto(watch.url)
    row = page.locator(f"[id='row:{RECKLESS}']")
    expect(row).to_contain_text("halted")
    watch.camera.take(page, "desk")

    page.goto(f"{watch.url}{pager.annotations['console_url']}")
    stop = page.locator("#open tr", has_text=RECKLESS)
    for said in ("daily_loss", LIMIT, "flat"):
        expect(stop).to_contain_text(said)
    watch.camera.take(page, "stops")

    stop.get_by_role("link", name=RECKLESS).click()
    expect(page.locator("#stops")).to_contain_text("daily_loss")
    expect(page.locator("#limits")).to_contain_text("daily_loss.daily_loss_ratio_max")
    expect(page.locator("#positions")).to_contain_text("None.")
    expect(page.locator("#curve canvas")).to_be_visible()
    watch.camera.take(page, "account")

    exit_of_it = page.locator("#timeline tr.exit.emergency_stop a").last
    exit_of_it.click()
    expect(page.locator("main")).to_contain_text("emergency_stop")
    watch.camera.take(page, "exit-explained")


def viewer_may_not(watch: Watch) -> None:
    """A viewer sees no button, and is refused who comes without one."""
    eve = watch.visitor("eve", "all")
    eve.goto(f"{watch.url}/account?account={RECKLESS}")
    expect(eve.locator("#stops")).to_contain_text("daily_loss")
    assert eve.locator("a.act").count() == 0
    answer = eve.goto(f"{watch.url}/act?command=resume&account={RECKLESS}")
    assert answer is not None
    assert answer.status == 403
    watch.camera.take(eve, "viewer-may-not")


def operator_acknowledges(watch: Watch) -> None:
    """An operator says that they look at the stop; it stays open."""
    ada = watch.visitor("ada", "desk")
    ada.goto(f"{watch.url}/stops")
    stop = ada.locator("#open tr", has_text=RECKLESS)
    stop.get_by_role("link", name="Acknowledge…").click()
    ada.get_by_label("Reason").fill(WHY_SEEN)
    ada.get_by_role("button", name="Acknowledge").click()
    expect(ada.get_by_role("status")).to_contain_text("is acknowledged by ada; it stays open")
    ada.goto(f"{watch.url}/stops")
    expect(stop).to_contain_text(f"by ada: {WHY_SEEN}")
    watch.camera.take(ada, "acknowledged")


def operator_resumes(watch: Watch) -> None:
    """An operator resumes, with a reason, and the gate says so."""
    ada = watch.visitor("ada", "desk")
    ada.goto(f"{watch.url}/account?account={RECKLESS}")
    ada.locator("#stops").get_by_role("link", name="Resume…").first.click()
    ada.get_by_role("button", name="Resume").click()
    assert ada.get_by_label("Reason").evaluate("field => field.matches(':invalid')")
    ada.get_by_label("Reason").fill(WHY_RESUMED)
    expect(ada.locator("main")).to_contain_text("lost: daily_loss measured")
    expect(ada.locator("main")).to_contain_text("after a resume daily_loss measures from")
    watch.camera.take(ada, "resume-asks")

    ada.get_by_role("button", name="Resume").click()
    expect(ada.get_by_role("status")).to_contain_text(re.compile(r"lifted.*\(\d+ ms\)"))
    watch.camera.take(ada, "gate-confirms")

    ada.get_by_role("link", name="To the account").click()
    expect(ada.locator("#timeline")).to_contain_text(WHY_RESUMED)
    watch.camera.take(ada, "account-after")


def audit_lists_it(watch: Watch, stop_id: str) -> None:
    """The audit lists the stop, who looked, who resumed and why, and the limits."""
    page = watch.visitor("mia", "heads")
    page.goto(f"{watch.url}/audit?account={RECKLESS}")
    rows = page.locator("table.audit tbody")
    for said in ("daily_loss", stop_id, "ada", WHY_SEEN, WHY_RESUMED, "LIMITS"):
        expect(rows).to_contain_text(said)
    watch.camera.take(page, "audit")


def phone_halts(watch: Watch) -> None:
    """A phone is enough to look, and to halt another account."""
    phone = watch.visitor("ada", "desk", **PHONE)
    phone.goto(watch.url)
    expect(phone.locator(f"[id='row:{OTHER}']")).to_be_visible()
    watch.camera.take(phone, "phone-desk", whole=False)
    phone.goto(f"{watch.url}/account?account={OTHER}")
    watch.camera.take(phone, "phone-account", whole=False)
    phone.locator("#limits").scroll_into_view_if_needed()
    expect(phone.locator("#limits tr", has_text="drawdown_ratio_max")).to_contain_text("0.08")
    watch.camera.take(phone, "phone-limits", whole=False)
    phone.get_by_role("link", name="Halt…").click()
    phone.get_by_label("Reason").fill(WHY_HALTED)
    watch.camera.take(phone, "phone-halt", whole=False)
    phone.get_by_role("button", name="Halt").click()
    expect(phone.get_by_role("status")).to_contain_text(f"{OTHER} is halted: stop {OTHER}:")
    watch.camera.take(phone, "phone-halted", whole=False)
