"""The dashboard's rows, in the order of the page."""

from ops.engine_panels import ENGINE, INPUTS
from ops.panel import Marker
from ops.queries import appeared, changed, new_series
from ops.trading_panels import DECISIONS, LATENCIES, OVERVIEW, RISK, SUCCESS

# What explains a jump in any graph.
MARKERS = (
    Marker("Stops", "red", appeared("riskgate_emergency_stops_total", "triggered")),
    Marker("Resumes", "green", appeared("riskgate_emergency_stops_total", "resumed")),
    Marker("Limits", "blue", changed("riskgate_limits_version", by="namespace")),
    Marker("Releases", "purple", new_series("riskgate_build_info", by="version, rules")),
)
ROWS = (OVERVIEW, SUCCESS, DECISIONS, LATENCIES, RISK, INPUTS, ENGINE)
