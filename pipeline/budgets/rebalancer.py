"""One round of rebalancing: read what is in force, divide the budgets, publish what may change now.

It keeps no state between rounds: everything is in the limits documents and in account_states, so
it may be killed at any point. Only one rebalancer may publish: a new one fences its predecessor
through the transactional id. The arithmetic is in allowances.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from confluent_kafka import KafkaException, Producer

from pipeline.budgets.allowances import Seat, divide
from pipeline.budgets.budget_file import DIMENSIONS, Budgets
from pipeline.budgets.seats import newest, next_rules, seat, valid_documents
from pipeline.errors import StartupError
from pipeline.streams.admin.limits_log import all_documents, read_topic
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.clients.row_ages import RowAges
from pipeline.streams.settings import Settings
from topics.account_states import TOPIC as STATES
from topics.account_states import AccountState
from topics.codec import DecodeError, decode, decode_as, encode
from topics.limits import TOPIC as LIMITS
from topics.limits import LimitsDocument

__all__ = ["BudgetsError", "Divided", "Rebalancer", "changes", "divided", "read_divided"]

ANSWER_SECONDS_MAX = 30.0
ROLE = "budgets"


class BudgetsError(StartupError):
    """Report why a budget cannot be divided among its accounts."""


class Divided(NamedTuple):
    """One budget and the shares of its accounts."""

    group: str
    dimension: str
    budget: Decimal
    seats: dict[str, Seat]


Documents = Mapping[str, list[LimitsDocument]]
States = Mapping[str, AccountState]


def divided(budgets: Budgets, documents: Documents, states: States) -> list[Divided]:
    """Return every budget with its shares. Raise BudgetsError on an account of another currency."""
    found = []
    for name, group in budgets.groups.items():
        for dimension in DIMENSIONS:
            budget = getattr(group, dimension)
            if budget is not None:
                seats = {
                    account_id: seat(
                        dimension,
                        valid_documents(documents.get(account_id, [])),
                        _state(budgets, states.get(account_id)),
                    )
                    for account_id in group.accounts
                }
                found.append(Divided(name, dimension, budget, seats))
    return found


def changes(parts: list[Divided]) -> dict[str, dict[str, Decimal]]:
    """Return the allowances to publish now, by account."""
    found: dict[str, dict[str, Decimal]] = {}
    for part in parts:
        for account_id, amount in divide(part.budget, part.seats).items():
            found.setdefault(account_id, {})[part.dimension] = amount
    return dict(sorted(found.items()))


def read_divided(settings: Settings, budgets: Budgets) -> tuple[list[Divided], Documents]:
    """Read account_states and limits and divide the budgets.

    Rows are read before documents: what is written in between can only make claims larger.
    """
    wanted = {name for group in budgets.groups.values() for name in group.accounts}
    states = {row.account_id: row for row in _rows(settings) if row.account_id in wanted}
    documents = all_documents(settings)
    return divided(budgets, documents, states), documents


class Rebalancer:
    """Publish allowances until another rebalancer starts and fences this one."""

    def __init__(self, settings: Settings, *, author: str, reason: str) -> None:
        self._settings = settings
        self._author = author
        self._reason = reason
        self._broker = Broker(settings)
        self._producer = Producer(
            self._broker.properties(
                transactional_id=settings.group(ROLE),
                partitioner="murmur2_random",
                transaction_timeout_ms=10_000,
            )
        )
        with self._broker.sentences():
            self._producer.init_transactions(ANSWER_SECONDS_MAX)

    def turn(self, budgets: Budgets) -> list[LimitsDocument]:
        """Publish in one transaction what may change now and return it."""
        parts, documents = read_divided(self._settings, budgets)
        made = list(self._documents(changes(parts), documents))
        if made:
            self._publish(made)
        return made

    def _documents(
        self, allowances: dict[str, dict[str, Decimal]], documents: Documents
    ) -> Iterator[LimitsDocument]:
        for account_id, amounts in allowances.items():
            known = documents.get(account_id, [])
            lasting = [each for each in valid_documents(known) if each.duration_ms is None]
            last, highest = newest(lasting), newest(known)
            document = LimitsDocument(
                account_id=account_id,
                version=1 + (highest.version if highest else 0),
                author=self._author,
                reason=self._reason,
                rules=next_rules(last, amounts),
            )
            try:
                decode(LIMITS, encode(document))
            except DecodeError as error:
                raise BudgetsError(f"{account_id} cannot have an allowance: {error}") from error
            yield document

    def _publish(self, made: list[LimitsDocument]) -> None:
        topic = self._settings.topic(LIMITS.name)
        try:
            self._producer.begin_transaction()
            for document in made:
                key = document.account_id.encode()
                self._producer.produce(topic, key=key, value=encode(document))
            self._producer.commit_transaction(ANSWER_SECONDS_MAX)
        except KafkaException as error:
            if error.args[0].fatal():
                raise BudgetsError(
                    "another rebalancer took over, so nothing was published; only one may run"
                ) from error
            raise BrokerError(
                f"the allowances were not published ({error.args[0].str()}); try again"
            ) from error


def _rows(settings: Settings) -> Iterator[AccountState]:
    """Yield rows, the newest of an account last."""
    ages: RowAges[str] = RowAges()
    for message in read_topic(settings, STATES.name):
        value = message.value()
        if value is not None:
            try:
                row = decode_as(AccountState, bytes(value))
            except DecodeError as error:
                raise BrokerError(
                    f"{STATES.name} holds a row that riskgate did not write: {error}"
                ) from error
            if not ages.is_older(row.account_id, sequence=row.sequence, at_ms=row.at_ms):
                yield row


def _state(budgets: Budgets, state: AccountState | None) -> AccountState | None:
    if state is not None and state.currency not in {None, budgets.currency}:
        raise BudgetsError(
            f"{state.account_id} is in {state.currency}, but the budgets are in "
            f"{budgets.currency}; use one file per currency"
        )
    return state
