"""Every metric of riskgate, declared once: base units, and labels with few values by construction.

Ids of signals and orders are never labels: look for them in Kafka and in the log. Ids of accounts
are labels only for the few accounts that METRICS_ACCOUNTS_MAX allows.
"""

from typing import NamedTuple

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

__all__ = ["MetricRow", "metric_table"]

# From a quiet worker's commit to one that waited for a failing broker; 0.25 s is the objective.
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# Up to the retention of the inputs.
_AGES = (0.01, 0.05, 0.25, 1, 5, 30, 300, 3600, 21_600, 86_400, 345_600, 604_800)
_STOP_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_BYTES = (1024, 2048, 4096, 8192, 16_384, 65_536, 262_144, 524_288, 1_048_576)

BUILD = Gauge("riskgate_build_info", "Release and rules of this process.", ["version", "rules"])
UP_SINCE = Gauge(
    "riskgate_start_time_seconds", "When this role started, since the epoch.", ["role"]
)
READY = Gauge("riskgate_ready", "1 while the role works; 0 for an idle member.", ["role"])

RECORDS = Counter("riskgate_records", "Input records read by ingest.", ["topic"])
SIGNALS_CUT = Counter(
    "riskgate_signals_cut",
    "Signals without a decision, because their account sent more than SIGNAL_RATE_MAX; a dead "
    "letter of each second names them.",
    ["topic"],
)
UNKNOWN_FIELDS = Counter(
    "riskgate_unknown_fields",
    "Fields of inputs that riskgate does not know and ignores; for prices, estimated by sampling.",
    ["topic"],
)
INPUT_AGE_SECONDS = Histogram(
    "riskgate_input_age_seconds",
    "Age of the oldest record of a topic when ingest read it, in each commit, by its timestamp.",
    ["topic"],
    buckets=_AGES,
)
EVENTS = Counter("riskgate_events", "Events applied by risk.", ["type"])
REPEATED = Counter("riskgate_events_repeated", "Events skipped because they were applied before.")
UNINVITED = Counter(
    "riskgate_signals_uninvited",
    "Signals of accounts that have not begun, set aside since their partition has so many.",
)
WITHOUT_APPEND_TIME = Counter(
    "riskgate_events_without_append_time",
    "Events without append time, decided at the time of the previous heartbeat.",
)
FAILED = Counter("riskgate_events_failed", "Events that halted their account.", ["type"])
DECISIONS = Counter("riskgate_decisions", "Decisions on signals.", ["verdict"])
REASONS = Counter("riskgate_decision_reasons", "Rules that decisions name.", ["verdict", "rule"])
INTERNAL_ERRORS = Counter("riskgate_internal_errors", "Signals rejected because a rule raised.")
EXITS = Counter("riskgate_exits", "Exits that riskgate sent by itself.", ["reason"])
STOPS = Counter("riskgate_emergency_stops", "Rows of emergency_stops.", ["rule", "status"])
STOP_SECONDS = Histogram(
    "riskgate_stop_seconds",
    "From the cause of a stop (the price, the control, the event) to sending `triggered`, "
    "and from its event to sending `flat`.",
    ["until"],
    buckets=_STOP_SECONDS,
)
VIOLATIONS = Counter(
    "riskgate_violations",
    "Breaches of limits: each reason of a rejected signal, and each alert of an account limit.",
    ["level"],
)
ALERTS = Counter("riskgate_alerts", "Alerts.", ["level", "rule"])
FILLS = Counter(
    "riskgate_fills",
    "New fills, by whether they matched their reservation, exceeded it, or named no decision.",
    ["match"],
)
RULE_ENABLED = Gauge(
    "riskgate_rule_enabled", "1 if a rule judges under the limits of all accounts.", ["rule"]
)
LIMITS_VERSION = Gauge(
    "riskgate_limits_version", "Version of the limits of all accounts in force.", ["partition"]
)
DEAD_LETTERS = Counter("riskgate_dead_letters", "Messages that were set aside.", ["topic", "error"])
DECIDED_SECONDS = Histogram(
    "riskgate_signal_to_decision_seconds",
    "From a signal's creation, or its append to events, to sending its decision.",
    ["since"],
    buckets=_SECONDS,
)

COMMIT_SECONDS = Histogram(
    "riskgate_commit_seconds", "Duration of a commit, preparation included.", buckets=_SECONDS
)
LAST_COMMIT = Gauge(
    "riskgate_last_commit_timestamp_seconds", "Time of the last commit, since the epoch.", ["role"]
)
FORKS = Counter(
    "riskgate_forks",
    "Events decided again whose outputs differ from those published; each halts its account.",
)
RELEASE_DIFFERENCES = Counter(
    "riskgate_release_differences",
    "Published outputs of another release that this one, taking over, would not have decided.",
)
PUBLISHES = Gauge(
    "riskgate_publishes",
    "1 if this worker's release publishes in the partition, 0 if the log names another one.",
    ["partition"],
)
SHADOW_EVENTS = Counter(
    "riskgate_shadow_events",
    "Events decided silently and compared with the active release: equal, differs in a figure "
    "only, acts (an engine would act otherwise) or dropped (nothing to compare with came).",
    ["result"],
)
SESSIONS_MENDED = Counter(
    "riskgate_sessions_mended",
    "Lost sessions with Kafka after which this process began a new one; the log says why.",
    ["role"],
)
COMMITTED = Counter("riskgate_records_committed", "Records whose commit succeeded.")
ABORTED = Counter(
    "riskgate_transactions_aborted", "Commits dropped because their partitions were lost."
)
REBALANCES = Counter("riskgate_rebalances", "Assignments of partitions.")
STALE_OFFSET = Gauge(
    "riskgate_stale_offset_timestamp_seconds",
    "When a group offset older than the state was last overwritten, since the epoch.",
)
LAST_STOP = Gauge(
    "riskgate_last_stop_timestamp_seconds",
    "When this worker last stopped itself for this cause, since the epoch; 0: never.",
    ["cause"],
)
RECOVERY_SECONDS = Histogram(
    "riskgate_recovery_seconds", "Duration of a recovery from the changelog.", buckets=_SECONDS
)
RECOVERING_SECONDS = Gauge(
    "riskgate_recovering_seconds", "How long partitions have waited for their state; 0: none does."
)
STATE_BYTES = Gauge("riskgate_state_bytes", "Size of the state on this worker's disk.")
ACCOUNT_BYTES = Histogram(
    "riskgate_account_bytes", "Size of the largest account in each commit.", buckets=_BYTES
)
COPY_LAG = Gauge(
    "riskgate_standby_lag_records",
    "Records of the changelog that the copy of another worker's partition lacks.",
    ["partition"],
)
LAG = Gauge("riskgate_lag_records", "Records that have not been read yet.", ["topic", "partition"])

STATES_REWRITTEN = Counter(
    "riskgate_states_rewritten",
    "Rows of account_states that risk wrote again because the topic lacks some.",
)

HEARTBEATS = Counter("riskgate_heartbeats", "Heartbeats that broadcast sent.")
WITHHELD = Counter(
    "riskgate_heartbeats_withheld",
    "Heartbeats not sent because broadcast lacks rows of the partition's accounts.",
    ["partition"],
)
REVALUATIONS = Counter("riskgate_revaluations", "Revaluations that broadcast sent.")
REVALUATION_DELAY_SECONDS = Histogram(
    "riskgate_revaluation_delay_seconds",
    "From when a revaluation was due until it was sent; the longest delay of each round.",
    buckets=_SECONDS,
)
TICK_AGE_SECONDS = Gauge(
    "riskgate_heartbeat_age_seconds",
    "Time since the last heartbeat that risk applied.",
    ["partition"],
)
STARVED = Counter("riskgate_revaluations_starved", "Revaluations that were due and had to wait.")
UNDELIVERED = Counter(
    "riskgate_broadcast_undelivered", "Heartbeats and revaluations that Kafka did not take."
)
RISK_LAG_SECONDS = Gauge(
    "riskgate_risk_lag_seconds",
    "Age of the oldest heartbeat or revaluation that risk has not committed.",
    ["partition"],
)
BROKER_AHEAD_SECONDS = Gauge(
    "riskgate_broker_ahead_seconds",
    "Clock of the partition's leader minus this machine's, measured with heartbeats.",
    ["partition"],
)
UNREAD_ACCOUNTS = Gauge(
    "riskgate_accounts_unread",
    "Accounts whose newest row cannot be decoded; their partition gets no heartbeat.",
    ["partition"],
)
HELD_ACCOUNTS = Gauge(
    "riskgate_accounts_held", "Accounts of the partition that broadcast has read.", ["partition"]
)
REPORTED_ACCOUNTS = Gauge(
    "riskgate_accounts_reported", "Accounts of the partition that risk reports.", ["partition"]
)
ACCOUNTS = Gauge("riskgate_accounts", "Accounts that broadcast monitors.", ["trading_state"])

HALTED_HOLDING = Gauge(
    "riskgate_accounts_halted_holding", "Halted accounts that still hold a position."
)
LEAST_HEADROOM = Gauge(
    "riskgate_least_headroom_ratio",
    "Fraction of a loss limit that is left, for the active account with the least.",
    ["rule"],
)
NEAR_LIMIT = Gauge(
    "riskgate_accounts_near_limit",
    "Active accounts with less than a fifth of a loss limit left.",
    ["rule"],
)
PREVENTED_LOSS = Gauge(
    "riskgate_prevented_loss",
    "Net loss that rejected and reduced orders would have made after a day.",
    ["currency"],
)
ACCOUNT_STOPPED = Gauge(
    "riskgate_account_stopped_positions",
    "Positions that an account holds which is halted or reducing; those that hold most first.",
    ["account_id", "trading_state"],
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
    "riskgate_account_headroom_ratio", "Fraction left of their nearest loss limit.", ["account_id"]
)

TABLE_CAUGHT_UP = Gauge(
    "riskgate_table_caught_up", "1 once the table has been read to its end.", ["table"]
)
TABLE_AGE_SECONDS = Gauge(
    "riskgate_table_age_seconds", "Time since a table last accepted a row.", ["table"]
)
TABLE_REFUSED = Counter("riskgate_table_refused", "Rows that a table could not use.", ["table"])

DOOR_REQUESTS = Counter(
    "riskgate_door_requests", "Requests that the HTTP door answered, by status.", ["status"]
)
DOOR_WAITING = Gauge("riskgate_door_waiting", "Requests at the HTTP door that wait for a decision.")
DOOR_SECONDS = Histogram(
    "riskgate_door_wait_seconds",
    "From a signal at the HTTP door to its decision, or to the end of the wait.",
    buckets=_SECONDS,
)


class MetricRow(NamedTuple):
    """One metric in the documentation."""

    name: str
    kind: str
    labels: str
    meaning: str


def metric_table() -> list[MetricRow]:
    """List every metric in order of declaration."""
    return [_row(metric) for metric in globals().values() if isinstance(metric, MetricWrapperBase)]


def _row(metric: MetricWrapperBase) -> MetricRow:
    described = next(iter(metric.describe()))
    suffix = "_total" if described.type == "counter" else ""
    labels = ", ".join(metric._labelnames)  # noqa: SLF001 - There is no public name.
    return MetricRow(described.name + suffix, described.type, labels, described.documentation)


def clear(*metrics: MetricWrapperBase) -> None:
    """Remove all labelled series, so that partitions that moved away disappear."""
    for metric in metrics:
        metric.clear()


def value(name: str, **labels: str) -> float:
    """Return the current value of a metric; 0 if it was never set."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
