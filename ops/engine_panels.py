"""The operator's panels: inputs, workers, commits, recovery."""

from ops.panel import Graph, Row
from ops.queries import Query, by_label, every, quantiles, rate, total

INPUTS = Row(
    "Inputs",
    (
        Graph("Records by topic", "reqps", (rate("riskgate_records_total", "topic"),)),
        Graph("Age of inputs when they are read", "s", quantiles("riskgate_input_age_seconds")),
        Graph(
            "Records not read yet", "none", (by_label("sum", "riskgate_lag_records", by="topic"),)
        ),
        Graph("Dead letters", "reqps", (rate("riskgate_dead_letters_total", "topic"),)),
        Graph("Unknown fields", "reqps", (rate("riskgate_unknown_fields_total", "topic"),)),
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
            "Time since the last heartbeat",
            "s",
            (by_label("max", "riskgate_heartbeat_age_seconds", by="partition"),),
            "Beyond 5 s nobody watches the stops: entries are refused.",
        ),
        Graph(
            "Heartbeats and revaluations",
            "reqps",
            (
                total("riskgate_heartbeats_total", "heartbeats"),
                total("riskgate_heartbeats_withheld_total", "withheld"),
                total("riskgate_revaluations_total", "revaluations"),
                total("riskgate_revaluations_starved_total", "starved"),
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
        Graph(
            "Since an offset was last stale",
            "s",
            (
                Query(
                    "time() - (max by (instance) (riskgate_stale_offset_timestamp_seconds"
                    '{namespace=~"$namespace"}) > 0)',
                    "{{instance}}",
                ),
            ),
            "Empty where it never was.",
        ),
        Graph(
            "Since a worker last stopped by itself",
            "s",
            (
                Query(
                    "time() - (max by (instance, cause) (riskgate_last_stop_timestamp_seconds"
                    '{namespace=~"$namespace"}) > 0)',
                    "{{instance}} {{cause}}",
                ),
            ),
            "Empty where none did.",
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
            "Accounts without a row",
            "none",
            (
                Query(
                    'max by (partition) (riskgate_accounts_reported{namespace=~"$namespace"}) - '
                    'max by (partition) (riskgate_accounts_held{namespace=~"$namespace"})',
                    "{{partition}}",
                ),
            ),
            "Broadcast cannot watch them, so their partition gets no heartbeat.",
        ),
        Graph(
            "Rows of accounts written again",
            "reqps",
            (total("riskgate_states_rewritten_total", "rows"),),
        ),
        Graph(
            "Accounts that broadcast cannot read",
            "none",
            (by_label("sum", "riskgate_accounts_unread", by="partition"),),
            "Their partition gets no heartbeat: entries are refused there.",
        ),
        Graph(
            "Events without append time",
            "reqps",
            (total("riskgate_events_without_append_time_total", "events"),),
            "Decided at the time of the heartbeat before them.",
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
