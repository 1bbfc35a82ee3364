"""Every metric of riskgate, declared once: base units, and labels with few values by construction.

A signal or order id is never a label: those are on Kafka and in the log. Nor is an account's,
but for the few that METRICS_ACCOUNTS_MAX lets in.
"""

from typing import NamedTuple

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

__all__ = ["MetricRow", "metric_table"]

# From a commit of a quiet worker to one that waited for a failing broker. Late is beyond 0.25.
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# Up to what is kept of the inputs.
_AGES = (0.01, 0.05, 0.25, 1, 5, 30, 300, 3600, 21_600, 86_400, 345_600, 604_800)
_STOP_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_BYTES = (1024, 2048, 4096, 8192, 16_384, 65_536, 262_144, 524_288, 1_048_576)

BUILD = Gauge("riskgate_build_info", "Release and rules of this process.", ["version", "rules"])
UP_SINCE = Gauge("riskgate_start_time_seconds", "When this role began, since the epoch.", ["role"])
READY = Gauge("riskgate_ready", "1 while the role works; 0 for an idle member.", ["role"])

RECORDS = Counter("riskgate_records", "Input records read by ingest.", ["topic"])
UNKNOWN_FIELDS = Counter(
    "riskgate_unknown_fields",
    "Fields of inputs that riskgate does not know and ignores; of prices, estimated from a sample.",
    ["topic"],
)
INPUT_AGE_SECONDS = Histogram(
    "riskgate_input_age_seconds",
    "Age of the oldest record of a topic in each commit of ingest, by its timestamp.",
    ["topic"],
    buckets=_AGES,
)
EVENTS = Counter("riskgate_events", "Events applied by risk.", ["type"])
REPEATED = Counter("riskgate_events_repeated", "Events skipped: applied before.")
WITHOUT_APPEND_TIME = Counter(
    "riskgate_events_without_append_time",
    "Events decided at the time of the heartbeat before them.",
)
FAILED = Counter("riskgate_events_failed", "Events that halted their account.", ["type"])
DECISIONS = Counter("riskgate_decisions", "Decisions on signals.", ["verdict"])
REASONS = Counter("riskgate_decision_reasons", "Rules that decisions name.", ["verdict", "rule"])
INTERNAL_ERRORS = Counter("riskgate_internal_errors", "Signals rejected because a rule raised.")
EXITS = Counter("riskgate_exits", "Exits that riskgate sent by itself.", ["reason"])
STOPS = Counter("riskgate_emergency_stops", "Rows of emergency_stops.", ["rule", "status"])
STOP_SECONDS = Histogram(
    "riskgate_stop_seconds",
    "From the cause of a stop (the price, the control, the event) to the commit of `triggered`, "
    "and from its event to the commit of `flat`.",
    ["until"],
    buckets=_STOP_SECONDS,
)
VIOLATIONS = Counter(
    "riskgate_violations",
    "Breaches of limits: a refused signal for each reason, a watch.",
    ["level"],
)
ALERTS = Counter("riskgate_alerts", "Alerts.", ["level", "rule"])
FILLS = Counter(
    "riskgate_fills",
    "Fills that came for the first time: they took what was reserved for their order, went beyond "
    "it, or named no decision.",
    ["match"],
)
RULE_ENABLED = Gauge(
    "riskgate_rule_enabled", "1 where a rule judges, by the document of all accounts.", ["rule"]
)
LIMITS_VERSION = Gauge(
    "riskgate_limits_version", "The document of all accounts in force.", ["partition"]
)
DEAD_LETTERS = Counter("riskgate_dead_letters", "Messages that were set aside.", ["topic", "error"])
DECIDED_SECONDS = Histogram(
    "riskgate_signal_to_decision_seconds",
    "From a signal's creation, or its append to events, to the commit of its decision.",
    ["since"],
    buckets=_SECONDS,
)

COMMIT_SECONDS = Histogram(
    "riskgate_commit_seconds", "Duration of a commit, preparation included.", buckets=_SECONDS
)
LAST_COMMIT = Gauge(
    "riskgate_last_commit_timestamp_seconds", "When it last committed, since the epoch.", ["role"]
)
COMMITTED = Counter("riskgate_records_committed", "Records whose commit succeeded.")
ABORTED = Counter("riskgate_transactions_aborted", "Commits given up: their partitions were lost.")
REBALANCES = Counter("riskgate_rebalances", "Assignments of partitions.")
STALE_OFFSET = Gauge(
    "riskgate_stale_offset_timestamp_seconds",
    "When the group's offset was last older than the state and overwritten, since the epoch.",
)
LAST_STOP = Gauge(
    "riskgate_last_stop_timestamp_seconds",
    "When this worker last stopped by itself for a cause, since the epoch; 0: never.",
    ["cause"],
)
RECOVERY_SECONDS = Histogram(
    "riskgate_recovery_seconds", "Duration of a recovery from the changelog.", buckets=_SECONDS
)
RECOVERING_SECONDS = Gauge(
    "riskgate_recovering_seconds", "How long partitions wait for their state by now; 0: none does."
)
STATE_BYTES = Gauge("riskgate_state_bytes", "Size of the state on this machine's disk.")
ACCOUNT_BYTES = Histogram(
    "riskgate_account_bytes", "State of the largest account in each commit.", buckets=_BYTES
)
LAG = Gauge("riskgate_lag_records", "Records not read yet.", ["topic", "partition"])

STATES_REWRITTEN = Counter(
    "riskgate_states_rewritten",
    "Rows of account_states that risk wrote again because the topic has not all of them.",
)

HEARTBEATS = Counter("riskgate_heartbeats", "Heartbeats that broadcast sent.")
WITHHELD = Counter(
    "riskgate_heartbeats_withheld",
    "Heartbeats not sent because broadcast has not every account's row of the partition.",
    ["partition"],
)
REVALUATIONS = Counter("riskgate_revaluations", "Revaluations that broadcast sent.")
REVALUATION_DELAY_SECONDS = Histogram(
    "riskgate_revaluation_delay_seconds",
    "From when a revaluation was due to its sending; the latest of each round.",
    buckets=_SECONDS,
)
TICK_AGE_SECONDS = Gauge(
    "riskgate_heartbeat_age_seconds",
    "Time since the last heartbeat that risk applied.",
    ["partition"],
)
STARVED = Counter("riskgate_revaluations_starved", "Revaluations that were due and had to wait.")
UNDELIVERED = Counter(
    "riskgate_broadcast_undelivered", "Heartbeats and revaluations that were not delivered."
)
RISK_LAG_SECONDS = Gauge(
    "riskgate_risk_lag_seconds",
    "Age of the oldest heartbeat or revaluation without answer.",
    ["partition"],
)
BROKER_AHEAD_SECONDS = Gauge(
    "riskgate_broker_ahead_seconds",
    "Clock of the partition's leader less that of this machine, as heartbeats show it.",
    ["partition"],
)
UNREAD_ACCOUNTS = Gauge(
    "riskgate_accounts_unread",
    "Accounts whose newest row does not decode; their partition gets no heartbeat.",
    ["partition"],
)
HELD_ACCOUNTS = Gauge(
    "riskgate_accounts_held", "Accounts of the partition whose row broadcast has.", ["partition"]
)
TOLD_ACCOUNTS = Gauge(
    "riskgate_accounts_told", "Accounts of the partition that risk says there are.", ["partition"]
)
ACCOUNTS = Gauge("riskgate_accounts", "Accounts that broadcast watches.", ["trading_state"])

HALTED_HOLDING = Gauge(
    "riskgate_accounts_halted_holding", "Halted accounts that still hold a position."
)
LEAST_HEADROOM = Gauge(
    "riskgate_least_headroom_ratio",
    "Rest of a loss limit as a fraction of it, of the active account that has least.",
    ["rule"],
)
NEAR_LIMIT = Gauge(
    "riskgate_accounts_near_limit",
    "Active accounts with less than a fifth of a loss limit left.",
    ["rule"],
)
PREVENTED_LOSS = Gauge(
    "riskgate_prevented_loss",
    "What refused and cut orders would have lost a day later, less what they would have made.",
    ["currency"],
)
ACCOUNT_EQUITY = Gauge(
    "riskgate_account_equity",
    "Equity of the accounts nearest to a limit.",
    ["account_id", "currency"],
)
ACCOUNT_DRAWDOWN = Gauge("riskgate_account_drawdown_ratio", "Their drawdown.", ["account_id"])
ACCOUNT_DAILY_PNL = Gauge(
    "riskgate_account_daily_pnl", "Their profit of the day.", ["account_id", "currency"]
)
ACCOUNT_HEADROOM = Gauge(
    "riskgate_account_headroom_ratio", "Their least rest of a loss limit.", ["account_id"]
)

TABLE_CAUGHT_UP = Gauge("riskgate_table_caught_up", "1 once the table was read whole.", ["table"])
TABLE_AGE_SECONDS = Gauge(
    "riskgate_table_age_seconds", "Time since a table last took a row.", ["table"]
)
TABLE_REFUSED = Counter("riskgate_table_refused", "Rows that a table could not use.", ["table"])


class MetricRow(NamedTuple):
    """One metric, as the documentation shows it."""

    name: str
    kind: str
    labels: str
    meaning: str


def metric_table() -> list[MetricRow]:
    """List every metric in the order of its declaration."""
    return [_row(metric) for metric in globals().values() if isinstance(metric, MetricWrapperBase)]


def _row(metric: MetricWrapperBase) -> MetricRow:
    described = next(iter(metric.describe()))
    suffix = "_total" if described.type == "counter" else ""
    labels = ", ".join(metric._labelnames)  # noqa: SLF001 - It has no other name.
    return MetricRow(described.name + suffix, described.type, labels, described.documentation)


def clear(*metrics: MetricWrapperBase) -> None:
    """Forget the labels of gauges whose partitions are gone."""
    for metric in metrics:
        metric.clear()


def value(name: str, **labels: str) -> float:
    """Return what a metric shows now; 0 when it was never touched."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
