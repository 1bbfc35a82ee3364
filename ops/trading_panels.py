"""The trading desk's panels: decisions, latency, accounts and limits."""

from ops.panel import Graph, Number, Row
from ops.queries import Query, by_label, every, quantiles, rate, share, share_beyond, total

CHOSEN = 'account_id=~"$account"'
LATENCY = "riskgate_signal_to_decision_seconds"

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

SUCCESS = Row(
    "Does the gate do its work",
    (
        Number(
            "Fills without a decision",
            "percentunit",
            share("riskgate_fills_total", where='match="unmatched"'),
            1e-9,
            0.01,
        ),
        Number(
            "Fills beyond their order",
            "percentunit",
            share("riskgate_fills_total", where='match="beyond"'),
            1e-9,
            0.01,
        ),
        Number(
            "Cause to stop, p99",
            "s",
            quantiles("riskgate_stop_seconds", where='until="triggered"')[1],
            1,
            5,
        ),
        Number(
            "Stop to flat, p99",
            "s",
            quantiles("riskgate_stop_seconds", where='until="flat"')[1],
            30,
            60,
        ),
        Number(
            "Alerts a minute",
            "none",
            Query('sum(increase(riskgate_alerts_total{namespace=~"$namespace"}[1m]))', ""),
            10,
            60,
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
            "Rejections by rule",
            "reqps",
            (rate("riskgate_decision_reasons_total", "rule", where='verdict="rejected"'),),
            "To see the signals: riskgate explain --at TIME --rule RULE.",
            stacked=True,
        ),
        Graph(
            "Reduced orders by rule",
            "reqps",
            (rate("riskgate_decision_reasons_total", "rule", where='verdict="modified"'),),
        ),
        Graph("Violations by level", "reqps", (rate("riskgate_violations_total", "level"),)),
        Graph("Exits by reason", "reqps", (rate("riskgate_exits_total", "reason"),)),
        Graph(
            "Rules that judge",
            "none",
            (by_label("min", "riskgate_rule_enabled", by="rule"),),
            "0: off, or without a limit, in the limits of all accounts.",
        ),
    ),
)

LATENCIES = Row(
    "Latency",
    (
        Graph(
            "From append to decision",
            "s",
            quantiles(LATENCY, where='since="appended"'),
            "Objective: 99 % within 0.25 s.",
        ),
        Graph(
            "From creation to decision",
            "s",
            quantiles(LATENCY, where='since="created"'),
            "Includes delays of the signal's producer.",
        ),
        Graph("Commit", "s", quantiles("riskgate_commit_seconds")),
        Graph(
            "Time from the cause of a stop",
            "s",
            (
                *quantiles("riskgate_stop_seconds", where='until="triggered"', name="triggered"),
                *quantiles("riskgate_stop_seconds", where='until="flat"', name="flat"),
            ),
        ),
        Graph("Delay of revaluations", "s", quantiles("riskgate_revaluation_delay_seconds")),
        Graph(
            "Lag of risk",
            "s",
            (by_label("max", "riskgate_risk_lag_seconds", by="partition"),),
            "Above 5 s entries are rejected.",
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
            "Smallest headroom of a loss limit",
            "percentunit",
            (by_label("min", "riskgate_least_headroom_ratio", by="rule"),),
            "Among active accounts; at 0 the account is stopped.",
        ),
        Graph(
            "Accounts with less than a fifth of a limit left",
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
        Graph(
            "Fills by match",
            "reqps",
            (rate("riskgate_fills_total", "match"),),
            "reserved: of an approved order; beyond: exceeds it; unmatched: of no decision.",
        ),
        Graph("Alerts by rule", "reqps", (rate("riskgate_alerts_total", "rule"),)),
        Graph(
            "Prevented loss",
            "none",
            (by_label("sum", "riskgate_prevented_loss", by="currency"),),
            "Net loss that rejected and reduced orders would have made after a day; below 0 they "
            "would have made a profit.",
        ),
        Graph(
            "Stopped accounts: positions held",
            "none",
            (
                by_label(
                    "max",
                    "riskgate_account_stopped_positions",
                    by="account_id, trading_state",
                    where=CHOSEN,
                ),
            ),
            "As many as RISKGATE_METRICS_ACCOUNTS_MAX allows; 0: it is flat.",
        ),
        Graph(
            "Nearest accounts: headroom",
            "percentunit",
            (by_label("min", "riskgate_account_headroom_ratio", by="account_id", where=CHOSEN),),
            "As many as RISKGATE_METRICS_ACCOUNTS_MAX allows.",
        ),
        Graph(
            "Nearest accounts: drawdown",
            "percentunit",
            (by_label("max", "riskgate_account_drawdown_ratio", by="account_id", where=CHOSEN),),
        ),
        Graph(
            "Nearest accounts: equity",
            "none",
            (by_label("max", "riskgate_account_equity", by="account_id, currency", where=CHOSEN),),
        ),
        Graph(
            "Nearest accounts: daily PnL",
            "none",
            (
                by_label(
                    "min", "riskgate_account_daily_pnl", by="account_id, currency", where=CHOSEN
                ),
            ),
        ),
    ),
)
