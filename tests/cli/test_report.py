"""The report through the command line: one page that opens offline and says what happened."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec import Struct

from pipeline.report.history import Histories
from pipeline.report.page import Basis, page
from tests import given
from tests.cli.command import riskgate
from tests.replay.histories import line_of

T0_MS = given.T0_MS
DAY_MS = 86_400_000


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Two accounts over three days; one of them buys, and loses a tenth."""
    begin = [given.limits(given.only()), given.instrument(), given.price(100)]
    messages: list[tuple[Struct, int]] = [(message, 0) for message in begin]
    messages += [(given.account(balance=1000), 0)]
    messages += [(given.account("b", balance=1000), 0), (given.signal("buy", 5), 1)]
    messages += [(given.fill("buy", 10, 100), 2), (given.price(90), DAY_MS)]
    messages += [(given.fill("sell", 10, 90, fill_id="f2"), 2 * DAY_MS)]
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"".join(line_of(message, T0_MS + after) for message, after in messages))
    return path


class Tags(HTMLParser):
    """Every tag that is opened must be closed, in order; collects what is linked."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.seen: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [str(value) for name, value in attrs if name in {"href", "src"}]
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_stands_alone_when_it_is_written(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"

    done = riskgate("report", str(recorded), "--out", str(out))

    tags = Tags()
    tags.feed(out.read_text())
    assert (done.returncode, done.stdout) == (0, f"{out} covers 2 accounts.\n")
    assert tags.open == []
    assert tags.links
    assert {*tags.links} <= {f"#{name}" for name in tags.ids}  # All lead to places of this page.
    assert "script" not in tags.seen
    assert tags.seen.count("svg") == 3  # Equity, drawdown and decisions of the one that trades.


def test_page_says_what_was_lost_when_a_trade_lost(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"

    riskgate("report", str(recorded), "--out", str(out), "--account", "acct-1")

    cells = re.findall(r"<td>(.*?)</td>", out.read_text())
    figures = dict(zip(cells[::2], cells[1::2], strict=False))
    assert (figures["PnL"], figures["maximum drawdown"], figures["relative"]) == (
        "-100.00",
        "100.00",
        "10.00%",
    )
    assert (figures["trades"], figures["average loss"], figures["longest losing run"]) == (
        "1",
        "100.00",
        "1",
    )


def test_page_is_the_same_when_the_command_runs_twice(recorded: Path, tmp_path: Path) -> None:
    pages = [tmp_path / "one.html", tmp_path / "two.html"]

    for out in pages:
        riskgate("report", str(recorded), "--out", str(out))

    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ([], "name either FILE or --from-kafka"),
        (["missing.jsonl"], "missing.jsonl cannot be read"),
        (["in.jsonl", "--confidence", "1"], "--confidence"),
        (["in.jsonl", "--period-ms", "999"], "--period-ms"),
    ],
)
def test_report_is_refused_when_it_is_asked_wrongly(arguments: list[str], advice: str) -> None:
    done = riskgate("report", *arguments)

    assert done.returncode == 2
    assert advice in done.stderr


def test_page_escapes_what_a_stranger_may_have_named_when_it_is_written() -> None:
    text = page(Histories(period_ms=DAY_MS), Basis(source="<script>", confidence=0.99))

    assert "<p>&lt;script&gt;</p>" in text
    assert "<script" not in text
