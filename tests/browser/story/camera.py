"""Pictures of what a person sees: each page in light and in dark."""

from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect

__all__ = ["Camera"]

PAPER = """<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>{title}</title><body style="font: 15px/1.5 monospace; margin: 2rem; max-width: 60rem">
<h1 style="font-size: 1.1rem">{title}</h1><pre style="white-space: pre-wrap"></pre>"""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


class Camera:
    """Writes numbered pictures into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def take(self, page: Page, name: str, *, whole: bool = True) -> None:
        """Take a page in both schemes, from its head to its foot or as much as the screen shows."""
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
        self._count += 1
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            path = self._folder / f"{self._count:02d}-{name}-{scheme}.png"
            page.screenshot(path=path, full_page=whole)

    def print(self, page: Page, name: str, *, title: str, text: str) -> None:
        """Take a text that comes from no page: a message, or what a command says."""
        page.set_content(PAPER.format(title=title))
        page.locator("pre").evaluate("(pre, text) => { pre.textContent = text }", text)
        expect(page.locator("pre")).to_have_text(text.strip())
        self.take(page, name)
