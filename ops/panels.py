"""The dashboard's rows: what is asked, and in which unit the answer is."""

from typing import NamedTuple

from ops.queries import Query, by_label, every, quantiles, rate, share_beyond, total

__all__ = ["ROWS", "Graph", "Number", "Panel", "Row"]

LATENCY = "riskgate_signal_to_decision_seconds"


class Number(NamedTuple):
    """One number; from `warn` on it is orange, from `bad` on red. Falling: below them."""

    title: str
    unit: str
    query: Query
    warn: float
    bad: float


class Graph(NamedTuple):
    """Lines over time."""

    title: str
    unit: str
    queries: tuple[Query, ...]
    says: str = ""
    stacked: bool = False


Panel = Number | Graph


class Row(NamedTuple):
    """Panels that answer one question."""

    title: str
    panels: tuple[Panel, ...]


OVERVIEW = Row(
    "Overview",
    (
        Number("Signals", "reqps", total("riskgate_decisions_total", ""), 1e9, 1e9),
        Number(
            "Late decisions",
            "percentunit",
            share_beyond(LATENCY, "0.25", where='since="appended"'),
            0.01,
            0.06,
        ),
        Number(
            "Accounts stopped",
            "none",
            every("sum", "riskgate_accounts", "", where='trading_state!="active"'),
            1,
            10,
        ),
        Number(
            "Stopped, not flat", "none", every("sum", "riskgate_accounts_halted_holding", ""), 1, 2
        ),
        Number("Near a limit", "none", every("max", "riskgate_accounts_near_limit", ""), 1, 10),
        Number(
            "Dead letters in the window",
            "none",
            Query(
                'sum(increase(riskgate_dead_letters_total{namespace=~"$namespace"}[$__range]))', ""
            ),
            1,
            100,
        ),
    ),
)

DECISIONS = Row(
    "Decisions",
    (
        Graph(
            "Decisions by verdict",
            "reqps",
            (rate("riskgate_decisions_total", "verdict"),),
            stacked=True,
        ),
        Graph(
            "Refusals by rule",
            "reqps",
            (rate("riskgate_decision_reasons_total", "rule", where='verdict="rejected"'),),
            "Which signals: riskgate explain --at TIME --rule RULE.",
            stacked=True,
        ),
        Graph(
            "Sizes cut by rule",
            "reqps",
            (rate("riskgate_decision_reasons_total", "rule", where='verdict="modified"'),),
        ),
        Graph("Violations by level", "reqps", (rate("riskgate_violations_total", "level"),)),
        Graph("Exits by reason", "reqps", (rate("riskgate_exits_total", "reason"),)),
        Graph(
            "Rules that judge",
            "none",
            (by_label("min", "riskgate_rule_enabled", by="rule"),),
            "0: turned off, or without a limit, in the document of all accounts.",
        ),
    ),
)

LATENCIES = Row(
    "Latency",
    (
        Graph(
            "From the append to the committed decision",
            "s",
            quantiles(LATENCY, where='since="appended"'),
            "Objective: 99 % within 0.25 s.",
        ),
        Graph(
            "From the signal's creation to the committed decision",
            "s",
            quantiles(LATENCY, where='since="created"'),
            "Delays of its producer included.",
        ),
        Graph("Commit", "s", quantiles("riskgate_commit_seconds")),
        Graph(
            "From the cause of a stop",
            "s",
            (
                *quantiles("riskgate_stop_seconds", where='until="triggered"', name="triggered"),
                *quantiles("riskgate_stop_seconds", where='until="flat"', name="flat"),
            ),
        ),
        Graph("Pulses behind their time", "s", quantiles("riskgate_pulse_delay_seconds")),
        Graph(
            "Risk behind its log",
            "s",
            (by_label("max", "riskgate_risk_lag_seconds", by="partition"),),
            "Beyond 5 s entries are refused.",
        ),
    ),
)

RISK = Row(
    "Risk",
    (
        Graph(
            "Accounts by trading state",
            "none",
            (by_label("sum", "riskgate_accounts", by="trading_state"),),
            stacked=True,
        ),
        Graph(
            "Least rest of a loss limit",
            "percentunit",
            (by_label("min", "riskgate_least_headroom_ratio", by="rule"),),
            "Of active accounts; 0 is a stop.",
        ),
        Graph(
            "Accounts with less than a fifth left",
            "none",
            (by_label("sum", "riskgate_accounts_near_limit", by="rule"),),
        ),
        Graph(
            "Stops by rule",
            "none",
            (
                Query(
                    "sum by (rule, status) (riskgate_emergency_stops_total"
                    '{namespace=~"$namespace"})',
                    "{{rule}} {{status}}",
                ),
            ),
        ),
        Graph("Alerts by rule", "reqps", (rate("riskgate_alerts_total", "rule"),)),
        Graph(
            "Prevented loss",
            "none",
            (by_label("sum", "riskgate_prevented_loss", by="currency"),),
            "What refused and cut orders would have lost a day later, less what they would have "
            "made; below 0 they would have made money.",
        ),
        Graph(
            "Nearest accounts: rest of a limit",
            "percentunit",
            (by_label("min", "riskgate_account_headroom_ratio", by="account_id"),),
            "Named only with RISKGATE_METRICS_ACCOUNTS_MAX above 0.",
        ),
        Graph(
            "Nearest accounts: drawdown",
            "percentunit",
            (by_label("max", "riskgate_account_drawdown_ratio", by="account_id"),),
        ),
        Graph(
            "Nearest accounts: equity",
            "none",
            (by_label("max", "riskgate_account_equity", by="account_id, currency"),),
        ),
        Graph(
            "Nearest accounts: the day's profit",
            "none",
            (by_label("min", "riskgate_account_daily_pnl", by="account_id, currency"),),
        ),
    ),
)

INPUTS = Row(
    "Inputs",
    (
        Graph("Records by topic", "reqps", (rate("riskgate_records_total", "topic"),)),
        Graph("Age of inputs when they are read", "s", quantiles("riskgate_input_age_seconds")),
        Graph(
            "Records not read yet", "none", (by_label("sum", "riskgate_lag_records", by="topic"),)
        ),
        Graph("Dead letters", "reqps", (rate("riskgate_dead_letters_total", "topic"),)),
        Graph(
            "Time since a table took a row",
            "s",
            (by_label("max", "riskgate_table_age_seconds", by="table"),),
            "Prices beyond 60 s: all marks are stale.",
        ),
        Graph(
            "Rows a table could not use", "reqps", (rate("riskgate_table_refused_total", "table"),)
        ),
        Graph(
            "Limits in force",
            "none",
            (by_label("max", "riskgate_limits_version", by="partition"),),
            "The version of the document of all accounts, by partition.",
        ),
        Graph(
            "Tables read to their end",
            "none",
            (by_label("min", "riskgate_table_caught_up", by="table"),),
        ),
    ),
)

ENGINE = Row(
    "Engine",
    (
        Graph("Ready workers", "none", (by_label("sum", "riskgate_ready", by="role"),)),
        Graph("Events by type", "reqps", (rate("riskgate_events_total", "type"),), stacked=True),
        Graph(
            "Committed and repeated",
            "reqps",
            (
                total("riskgate_records_committed_total", "committed"),
                total("riskgate_events_repeated_total", "repeated"),
            ),
        ),
        Graph(
            "Time since the last tick",
            "s",
            (by_label("max", "riskgate_tick_age_seconds", by="partition"),),
            "Beyond 5 s nobody watches the stops: entries are refused.",
        ),
        Graph(
            "Ticks and pulses",
            "reqps",
            (
                total("riskgate_ticks_total", "ticks"),
                total("riskgate_pulses_total", "pulses"),
                total("riskgate_pulses_starved_total", "starved"),
                total("riskgate_broadcast_undelivered_total", "undelivered"),
            ),
        ),
        Graph(
            "Partitions lost and gained",
            "reqps",
            (
                total("riskgate_rebalances_total", "rebalances"),
                total("riskgate_transactions_aborted_total", "commits given up"),
            ),
        ),
        Graph(
            "Recovery",
            "s",
            (
                every("max", "riskgate_recovering_seconds", "under way for"),
                *quantiles("riskgate_recovery_seconds"),
            ),
        ),
        Graph("State on disk", "bytes", (every("sum", "riskgate_state_bytes", "all workers"),)),
        Graph(
            "Largest account in a commit",
            "bytes",
            quantiles("riskgate_account_bytes"),
            "A whole account stays below 1 MB.",
        ),
        Graph(
            "Failures",
            "reqps",
            (
                total("riskgate_internal_errors_total", "rules that raised"),
                total("riskgate_events_failed_total", "events that halted their account"),
            ),
        ),
        Graph(
            "Time since the last commit",
            "s",
            (
                Query(
                    "time() - max by (role) (riskgate_last_commit_timestamp_seconds"
                    '{namespace=~"$namespace"})',
                    "{{role}}",
                ),
            ),
        ),
        Graph(
            "The brokers' clocks ahead of ours",
            "s",
            (by_label("max", "riskgate_broker_ahead_seconds", by="partition"),),
        ),
        Graph(
            "Accounts that broadcast cannot read",
            "none",
            (by_label("sum", "riskgate_accounts_unread", by="partition"),),
            "Their partition gets no tick: entries are refused there.",
        ),
        Graph(
            "Events without append time",
            "reqps",
            (total("riskgate_events_without_append_time_total", "events"),),
            "Decided at the time of the tick before them.",
        ),
        Graph(
            "Time since the start",
            "s",
            (
                Query(
                    "time() - max by (role, instance) "
                    '(riskgate_start_time_seconds{namespace=~"$namespace"})',
                    "{{role}} {{instance}}",
                ),
            ),
        ),
        Graph(
            "Workers by release",
            "none",
            (by_label("sum", "riskgate_build_info", by="version, rules"),),
            "More than one for long: a roll-out has stopped half-way.",
        ),
    ),
)

ROWS = (OVERVIEW, DECISIONS, LATENCIES, RISK, INPUTS, ENGINE)
