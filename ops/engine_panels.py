"""The operator's panels: inputs, workers, commits, recovery."""

from ops.panel import Graph, Row
from ops.queries import Query, by_label, every, quantiles, rate, total

INPUTS = Row(
    "Inputs",
    (
        Graph("Records by topic", "reqps", (rate("riskgate_records_total", "topic"),)),
        Graph("Age of inputs when they are read", "s", quantiles("riskgate_input_age_seconds")),
        Graph("Unread records", "none", (by_label("sum", "riskgate_lag_records", by="topic"),)),
        Graph("Dead letters", "reqps", (rate("riskgate_dead_letters_total", "topic"),)),
        Graph(
            "Signals cut",
            "reqps",
            (rate("riskgate_signals_cut_total", "topic"),),
            "Without a decision: their account sent more than SIGNAL_RATE_MAX.",
        ),
        Graph(
            "Signals of accounts that may not begin",
            "reqps",
            (total("riskgate_signals_uninvited_total", "signals"),),
            "Dead letters: their partition has 20,000 accounts.",
        ),
        Graph("Unknown fields", "reqps", (rate("riskgate_unknown_fields_total", "topic"),)),
        Graph(
            "Time since a table accepted a row",
            "s",
            (by_label("max", "riskgate_table_age_seconds", by="table"),),
            "Above 60 s for prices, all marks are stale.",
        ),
        Graph(
            "Rows a table could not use", "reqps", (rate("riskgate_table_refused_total", "table"),)
        ),
        Graph(
            "Limits in force",
            "none",
            (by_label("max", "riskgate_limits_version", by="partition"),),
            "Version of the limits of all accounts, by partition.",
        ),
        Graph(
            "Tables read to their end",
            "none",
            (by_label("min", "riskgate_table_caught_up", by="table"),),
        ),
        Graph(
            "Requests at the HTTP door, by status",
            "reqps",
            (rate("riskgate_door_requests_total", "status"),),
        ),
        Graph(
            "Signals that wait at the HTTP door",
            "none",
            (every("sum", "riskgate_door_waiting", "waiting"),),
        ),
        Graph(
            "Wait at the HTTP door",
            "s",
            quantiles("riskgate_door_wait_seconds"),
            "From a signal at the door to its decision, or to the end of the wait.",
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
            "Lost sessions that were mended",
            "reqps",
            (rate("riskgate_sessions_mended_total", "role"),),
            "Each began anew in its process; the log says why.",
        ),
        Graph(
            "Time since the last heartbeat",
            "s",
            (by_label("max", "riskgate_heartbeat_age_seconds", by="partition"),),
            "Above 5 s nothing monitors the stops, so entries are rejected.",
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
                total("riskgate_transactions_aborted_total", "dropped commits"),
            ),
        ),
        Graph(
            "Recovery",
            "s",
            (
                every("max", "riskgate_recovering_seconds", "running for"),
                *quantiles("riskgate_recovery_seconds"),
            ),
        ),
        Graph(
            "Records that copies of others' partitions lack",
            "none",
            (by_label("min", "riskgate_standby_lag_records", by="partition"),),
            "Of the changelog, in the best copy. Without one a takeover reads the whole changelog.",
        ),
        Graph(
            "Forks",
            "short",
            (
                total("riskgate_forks_total", "forks"),
                total("riskgate_release_differences_total", "decided otherwise by another release"),
            ),
            "Events decided again whose outputs differ from those published; between two releases "
            "what was published stands.",
        ),
        Graph(
            "Releases",
            "short",
            (
                every("sum", "riskgate_publishes", "partitions published"),
                rate("riskgate_shadow_events_total", "result"),
            ),
            "Partitions in which workers publish; and events that a release which is not active "
            "decided silently, by how they compare with what was published.",
        ),
        Graph(
            "Time since the last stale offset",
            "s",
            (
                Query(
                    "time() - (max by (instance) (riskgate_stale_offset_timestamp_seconds"
                    '{namespace=~"$namespace"}) > 0)',
                    "{{instance}}",
                ),
            ),
            "Empty if there was none.",
        ),
        Graph(
            "Time since a worker last stopped itself",
            "s",
            (
                Query(
                    "time() - (max by (instance, cause) (riskgate_last_stop_timestamp_seconds"
                    '{namespace=~"$namespace"}) > 0)',
                    "{{instance}} {{cause}}",
                ),
            ),
            "Empty if none did.",
        ),
        Graph("State on disk", "bytes", (every("sum", "riskgate_state_bytes", "all workers"),)),
        Graph(
            "Largest account in a commit",
            "bytes",
            quantiles("riskgate_account_bytes"),
            "An account cannot exceed 1 MB.",
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
            "How far the brokers' clocks are ahead",
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
            "Broadcast cannot monitor them, so their partition gets no heartbeat.",
        ),
        Graph(
            "Rewritten rows of accounts",
            "reqps",
            (total("riskgate_states_rewritten_total", "rows"),),
        ),
        Graph(
            "Accounts that broadcast cannot read",
            "none",
            (by_label("sum", "riskgate_accounts_unread", by="partition"),),
            "Their partition gets no heartbeat, so its entries are rejected.",
        ),
        Graph(
            "Events without append time",
            "reqps",
            (total("riskgate_events_without_append_time_total", "events"),),
            "Decided at the time of the previous heartbeat.",
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
            "More than one for a long time: a rollout is incomplete.",
        ),
    ),
)
