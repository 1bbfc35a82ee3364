"""A paper venue under riskgate's Engine, on real topics, until somebody stops it."""

import signal
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import FrameType

from msgspec import Struct

from pipeline.errors import StartupError
from pipeline.paper.quotes import KafkaMarket
from pipeline.paper.recovery import accounts_begun, recover, require_alone
from pipeline.paper.terms import Terms
from pipeline.paper.venue import PaperVenue
from pipeline.streams.clients.broker import Broker
from pipeline.streams.settings import Settings
from riskgate.connection import Connection, UnavailableError
from riskgate.engine import Engine
from riskgate.messages import CashFlow, now_ms
from riskgate.venue import Report
from riskgate.writers import Outbox
from topics import accounts
from topics.codec import DecodeError
from topics.fills import Fill

__all__ = ["DryRun", "run_paper"]


class DryRun(Struct, frozen=True, kw_only=True):
    """What a dry run is started with."""

    terms: Terms = Terms()
    quote_age_ms_max: int = 60_000
    openings: Mapping[str, Decimal] = {}  # Balance by account, of accounts that have none yet.
    currency: str = "USD"


class _ShownVenue(PaperVenue):
    """A paper venue whose fills and final statuses are shown as they happen."""

    show: Callable[[Report], None]

    def reports(self, now_ms: int) -> list[Report]:
        reports = super().reports(now_ms)
        for report in reports:
            self.show(report)
        return reports


def run_paper(settings: Settings, run: DryRun, *, say: Callable[[str], None]) -> None:
    """Obey the decisions under the settings' topic prefix until SIGINT or SIGTERM.

    Raise StartupError when it may not run here, and DeliveryError when Kafka loses a report.
    """
    broker, group = Broker(settings), settings.group("paper")
    connection = Connection(settings.brokers, settings.topic_prefix, settings.connection())
    require_alone(broker, group)
    try:
        with KafkaMarket(connection, age_ms_max=run.quote_age_ms_max) as market:
            venue = _ShownVenue(market, run.terms)
            venue.show = lambda report: say(_line(report))
            working = recover(broker, venue, name=run.terms.name, now_ms=now_ms())
            for account_id in _open_accounts(broker, connection, run):
                say(f"{account_id}: opened with {run.openings[account_id]} {run.currency}")
            engine = Engine(venue, group=group)
            _stop_on_signals(engine)
            say(f"Paper venue on {settings.topic_prefix}*, {working} orders work; Ctrl-C ends it")
            engine.run(
                settings.brokers,
                topic_prefix=settings.topic_prefix,
                properties={
                    **connection.properties,
                    "session.timeout.ms": settings.session_timeout_ms,
                },
            )
    except UnavailableError as error:
        raise StartupError(str(error)) from error


def _open_accounts(broker: Broker, connection: Connection, run: DryRun) -> list[str]:
    """Write an opening for each account that has no balance yet; return those accounts."""
    begun = accounts_begun(broker) if run.openings else set()
    new = [account_id for account_id in run.openings if account_id not in begun]
    outbox = Outbox(connection)
    for account_id in new:
        outbox.send(accounts.TOPIC, _opening(run, account_id))
    outbox.flush()
    return new


def _opening(run: DryRun, account_id: str) -> CashFlow:
    try:
        return CashFlow(
            account_id=account_id,
            kind="opening",
            flow_id=f"{run.terms.name}-opening",
            currency=run.currency,
            amount=run.openings[account_id],
            as_of_ms=now_ms(),
        )
    except DecodeError as error:
        raise StartupError(f"--open {account_id}: {error}") from error


def _stop_on_signals(engine: Engine) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        engine.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _line(report: Report) -> str:
    """Return what a report says in words of a desk."""
    if isinstance(report, Fill):
        fee = f", fee {report.fee:f}" if report.fee else ""
        did = "bought" if report.side == "buy" else "sold"
        what = f"{did} {report.quantity:f} {report.symbol} at {report.price:f}{fee}"
        return f"{report.account_id}: {what} ({report.signal_id})"
    return f"{report.account_id}: {report.symbol} order {report.signal_id} is {report.status}"
