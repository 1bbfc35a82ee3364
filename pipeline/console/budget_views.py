"""Budgets of groups of accounts as the console shows them: what each group and account uses.

The groups stand in a file alone, the one that `riskgate budgets` reads; everything else is in the
limits documents and rows that the model holds.
"""

from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from pipeline.budgets.allowances import Seat, is_held, room_of
from pipeline.budgets.budget_file import Budgets, load_budgets
from pipeline.budgets.rebalancer import Divided, divided
from pipeline.console.kept import Kept
from pipeline.console.model import Model
from pipeline.errors import StartupError
from pipeline.streams.admin.yaml_file import YamlFileError

__all__ = ["BudgetBook", "BudgetList", "BudgetView", "GroupTotal", "budget_list"]

ZERO = Decimal(0)
NO_FILE = "No budgets file is named; RISKGATE_CONSOLE_BUDGETS names it."


class GroupTotal(Struct, frozen=True, kw_only=True):
    """A budget of a group and what its accounts use of it together."""

    group: str
    dimension: str  # gross_exposure_max or daily_loss_max.
    currency: str
    budget: Decimal
    used: Decimal  # Of the accounts of which it is known.
    unknown: int  # Accounts of which it is not.
    left: Decimal  # Of the budget, less all claims; negative after it was reduced.
    in_force: bool  # Whether it bounds every account.


class SeatView(Struct, frozen=True, kw_only=True):
    """An account's share; null is unknown, or not bounded."""

    account_id: str
    allowance: Decimal | None
    claim: Decimal | None
    used: Decimal | None


class BudgetView(Struct, frozen=True, kw_only=True):
    """A budget and its accounts."""

    total: GroupTotal
    seats: tuple[SeatView, ...]


class BudgetList(Struct, frozen=True, kw_only=True):
    """All budgets of the file, or why there are none."""

    problem: str | None
    budgets: tuple[BudgetView, ...] = ()


class BudgetBook:
    """The budgets of a file, read again when it changes."""

    def __init__(self, path: Path | None, model: Model) -> None:
        self._path = path
        self._model = model
        self._read: tuple[tuple[int, int], Budgets] | None = None
        self._lists: Kept[None, BudgetList] = Kept()

    def __call__(self) -> BudgetList:
        """Return the budgets as they are now."""
        return self._lists.of(None, self._model.revision, self._work_out)

    def _work_out(self) -> BudgetList:
        if self._path is None:
            return BudgetList(problem=NO_FILE)
        try:
            return budget_list(self._model, self._budgets(self._path))
        except (StartupError, YamlFileError, OSError) as error:
            return BudgetList(problem=f"{error}.")

    def _budgets(self, path: Path) -> Budgets:
        status = path.stat()
        version = status.st_mtime_ns, status.st_size
        if self._read is None or self._read[0] != version:
            self._read = version, load_budgets(path)
        return self._read[1]


def budget_list(model: Model, budgets: Budgets) -> BudgetList:
    """Return the budgets. Raise BudgetsError on an account of another currency."""
    wanted = [name for group in budgets.groups.values() for name in group.accounts]
    with model.lock:
        documents = {name: list(model.documents_of(name)) for name in wanted}
        states = {n: model.rows.accounts[n] for n in wanted if n in model.rows.accounts}
    parts = divided(budgets, documents, states)
    return BudgetList(problem=None, budgets=tuple(_view(part, budgets.currency) for part in parts))


def _view(part: Divided, currency: str) -> BudgetView:
    used = [seat.used for seat in part.seats.values() if seat.used is not None]
    total = GroupTotal(
        group=part.group,
        dimension=part.dimension,
        currency=currency,
        budget=part.budget,
        used=sum(used, ZERO),
        unknown=len(part.seats) - len(used),
        left=room_of(part.budget, part.seats),
        in_force=is_held(part.seats),
    )
    seats = sorted(part.seats.items(), key=lambda item: (-(item[1].used or ZERO), item[0]))
    return BudgetView(total=total, seats=tuple(_seat(*item) for item in seats))


def _seat(name: str, seat: Seat) -> SeatView:
    return SeatView(account_id=name, allowance=seat.newest, claim=seat.held, used=seat.used)
