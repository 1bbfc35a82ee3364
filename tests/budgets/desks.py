"""A group of accounts under a budget, without a broker: documents arrive late, rows are older."""

from decimal import Decimal
from typing import cast

from msgspec.structs import replace

from pipeline.budgets.budget_file import Budgets, Group
from pipeline.budgets.rebalancer import Divided, changes, divided
from pipeline.budgets.seats import next_rules
from topics.account_states import TOPIC as STATES
from topics.account_states import AccountState
from topics.limits import LimitsDocument

NAMES = ("a", "b", "c")
GROSS = "gross_exposure_max"
ZERO = Decimal(0)


class Firm:
    """Accounts that trade up to what is in force, and a rebalancer that may die anywhere."""

    def __init__(self, budget: Decimal, names: tuple[str, ...] = NAMES) -> None:
        self.budget = budget
        self.names = names
        self.documents: dict[str, list[LimitsDocument]] = {name: [] for name in names}
        self.arrived = dict.fromkeys(names, 0)  # Documents in force so far.
        self.used = dict.fromkeys(names, ZERO)
        self.rows: dict[str, AccountState] = {}

    def parts(self) -> list[Divided]:
        """What the rebalancer sees."""
        group = Group(gross_exposure_max=self.budget, accounts=self.names)
        budgets = Budgets(currency="USD", groups={"all": group})
        return divided(budgets, self.documents, self.rows)

    def turn(self, *, dies_after: int | None = None) -> list[str]:
        """Let it publish, all or only the first few documents; return whose."""
        found = list(changes(self.parts()).items())[:dies_after]
        for name, amounts in found:
            known = self.documents[name]
            rules = next_rules(known[-1] if known else None, amounts)
            document = LimitsDocument(
                account_id=name, version=len(known) + 1, author="t", reason="t", rules=rules
            )
            known.append(document)
        return [name for name, _ in found]

    def arrive(self, name: str) -> None:
        """Let an account's next document come in force."""
        self.arrived[name] = min(self.arrived[name] + 1, len(self.documents[name]))

    def tell(self, name: str) -> None:
        """Write an account's row."""
        self.rows[name] = replace(
            cast(AccountState, STATES.example),
            account_id=name,
            limits_version=f"1.{self.arrived[name]}",
            worst_exposure=self.used[name],
        )

    def trade(self, name: str, share: Decimal) -> None:
        """Open a share of what is still allowed."""
        allowed = self.in_force(name)
        self.used[name] += max((allowed or ZERO) - self.used[name], ZERO) * share

    def close(self, name: str, share: Decimal) -> None:
        """Close a share of what is used."""
        self.used[name] -= self.used[name] * share

    def settle(self) -> None:
        """Let everything arrive and be told."""
        for name in self.names:
            self.arrived[name] = len(self.documents[name])
            self.tell(name)

    def in_force(self, name: str) -> Decimal | None:
        """The allowance that an account obeys now."""
        number = self.arrived[name]
        return amount_of(self.documents[name][number - 1]) if number else None

    def allowances(self) -> dict[str, Decimal]:
        """The newest of each account that has one."""
        return {name: amount_of(known[-1]) for name, known in self.documents.items() if known}

    def worst(self) -> Decimal:
        """The most that all could be allowed or use, however far behind each of them is."""
        return sum(
            (
                max([self.used[name], *map(amount_of, known[max(self.arrived[name] - 1, 0) :])])
                for name, known in self.documents.items()
            ),
            ZERO,
        )


def amount_of(document: LimitsDocument) -> Decimal:
    """The allowance that a document gives."""
    return Decimal(str(document.rules["gross_exposure"][GROSS]))
