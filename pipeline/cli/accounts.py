"""`riskgate accounts`: every account, nearest to a stop first, or one of them in full."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pipeline.cli import exit_codes
from pipeline.cli.reading import AsJson, Follow, is_json, now_ms, open_reader
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.accounts import Rows
    from pipeline.outputs.reader import OutputReader
    from topics.account_states import AccountState

FRAME_SECONDS = 1.0


def accounts(
    account: Annotated[
        str | None, typer.Argument(help="Only this one, in full.", show_default=False)
    ] = None,
    near: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Only accounts with at most this part of a loss limit left: 0.2."
        ),
    ] = None,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="Only accounts that are halted or reducing.")
    ] = False,
    follow: Follow = False,
    as_json: AsJson = None,
) -> None:
    """Show every account, nearest to a stop first; with ACCOUNT what is known of it.

    --json prints the rows of account_states. Exits with 1 if ACCOUNT never had an event.
    """
    from pipeline.outputs.accounts import read_rows

    wanted = _Wanted(account, near, stopped)
    reader = open_reader()
    if follow:
        _follow(reader, wanted, as_json=is_json(as_json))
        return
    rows = read_rows(reader, account)
    if account is not None and account not in rows.accounts:
        say(_absence(account, rows), err=True)
        raise typer.Exit(exit_codes.DIFFERENT)
    if is_json(as_json):
        for row in wanted.of(rows):
            say(rows.raw[row.account_id].decode())
    elif account is not None:
        from pipeline.cli.account_text import say_in_full

        say_in_full(reader, rows, account)
    else:
        _say_table(rows, wanted)


class _Wanted(NamedTuple):
    account: str | None
    near: float | None
    stopped: bool

    def of(self, rows: "Rows") -> "list[AccountState]":
        """Return the rows to show, in order."""
        from pipeline.outputs.accounts import is_near, nearest_first

        near = None if self.near is None else Decimal(str(self.near))
        return [
            row
            for row in nearest_first(rows.accounts.values())
            if self.account in {None, row.account_id}
            and (near is None or is_near(row, near))
            and not (self.stopped and row.trading_state == "active")
        ]


def _absence(account: str, rows: "Rows") -> str:
    if account in rows.unreadable:
        return f"riskgate: the row of {account} cannot be read: see RiskgateAccountsUnread"
    return f"riskgate: account {account} has never had an event; correct the name"


def _say_table(rows: "Rows", wanted: _Wanted) -> None:
    from pipeline.cli.account_text import ACCOUNT_COLUMNS, account_cells
    from pipeline.cli.tables import say_fitted

    shown = wanted.of(rows)
    say_fitted(ACCOUNT_COLUMNS, [account_cells(row, now_ms()) for row in shown])
    say(_total(rows, shown))
    for name in sorted(rows.unreadable):
        say(_absence(name, rows), err=True)


def _total(rows: "Rows", shown: "list[AccountState]") -> str:
    stopped = sum(row.trading_state != "active" for row in rows.accounts.values())
    return f"{len(shown)} of {len(rows.accounts)} accounts; {stopped} stopped."


def _follow(reader: "OutputReader", wanted: _Wanted, *, as_json: bool) -> None:
    from pipeline.cli.account_text import ACCOUNT_COLUMNS, account_cells
    from pipeline.cli.tables import show_live

    if as_json:
        for rows in _changes(reader, wanted.account):
            for row in wanted.of(rows):
                say(rows.raw[row.account_id].decode())
        return
    show_live(
        ACCOUNT_COLUMNS,
        (
            [account_cells(row, now_ms()) for row in wanted.of(rows)]
            for rows in _frames(reader, wanted.account)
        ),
    )


def _changes(reader: "OutputReader", account: str | None) -> "Iterator[Rows]":
    """Yield each row that comes, alone."""
    from pipeline.outputs.accounts import Rows

    for output in reader.follow("account_states", account=account):
        rows = Rows()
        if output is not None and rows.take(output):
            yield rows


def _frames(reader: "OutputReader", account: str | None) -> "Iterator[Rows]":
    """Yield all rows once a second."""
    from pipeline.outputs.accounts import read_rows

    mark = reader.mark("account_states", account=account)
    rows, due_s = read_rows(reader, account), time.monotonic()
    for output in reader.follow_from(mark, account=account):
        if output is not None:
            rows.take(output)
        if time.monotonic() >= due_s:
            due_s = time.monotonic() + FRAME_SECONDS
            yield rows
