"""The audit as CSV and HTML is harmless, whatever somebody wrote as a reason."""

import csv

from pipeline.outputs.audit import Entry
from pipeline.outputs.audit_page import csv_lines, html_page
from tests import given

ENTRY = Entry(
    at_ms=given.T0_MS, kind="control", account_id="a", author="=1+1", text="<script>\x1b[2J\nx",
    changes=["one", "two"], topic="controls", partition=3, offset=7, chain="",
)  # fmt: skip


def test_cell_is_no_formula_when_a_spreadsheet_opens_the_list() -> None:
    head, row = csv.reader(csv_lines([ENTRY]))

    assert head[:4] == ["time_utc", "kind", "account", "author"]
    assert row == [
        "2026-01-01 00:00:00.000", "control", "a", "'=1+1", "<script>\\u001b[2J\\nx", "one; two",
        "controls", "3", "7", "",
    ]  # fmt: skip


def test_markup_is_text_when_a_browser_opens_the_page() -> None:
    page = html_page([ENTRY], since_ms=given.T0_MS, until_ms=given.T0_MS + 1000)

    assert "<script>" not in page
    assert "&lt;script&gt;\\u001b[2J\\nx" in page
    assert "From 2026-01-01 00:00:00.000 to 2026-01-01 00:00:01.000 UTC, 1 entries." in page
