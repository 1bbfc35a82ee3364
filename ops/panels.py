"""The dashboard's rows, in the order of the page."""

from ops.engine_panels import ENGINE, INPUTS
from ops.trading_panels import DECISIONS, LATENCIES, OVERVIEW, RISK

ROWS = (OVERVIEW, DECISIONS, LATENCIES, RISK, INPUTS, ENGINE)
