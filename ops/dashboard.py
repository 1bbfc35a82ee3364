"""`make dashboard`: generate helm/dashboards/riskgate.json from the rows of panels.py.

grafana-foundation-sdk knows what Grafana reads; it is needed here only, and never where riskgate
runs.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.builders import common as shapes
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from ops.panel import Graph, Marker, Number
from ops.panels import MARKERS, ROWS
from ops.queries import Query

__all__ = ["dashboard_text", "expressions", "marker_expressions"]

PAGE = Path(__file__).parent.parent / "helm" / "dashboards" / "riskgate.json"
SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
NUMBER_WIDTH, NUMBER_HEIGHT = 4, 4
GRAPH_WIDTH, GRAPH_HEIGHT = 8, 8


def dashboard_text() -> str:
    """Return the content of the dashboard's file."""
    page = (
        build.Dashboard("riskgate")
        .uid("riskgate")
        .description("Decisions, risk and health of riskgate.")
        .tags(["riskgate"])
        .timezone("utc")  # `riskgate explain` reads and shows times in UTC, too.
        .time("now-1h", "now")
        .refresh("10s")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(build.DatasourceVariable("datasource").type("prometheus"))
        .with_variable(_namespace())
        .with_variable(_account())
    )
    for marker in MARKERS:
        page = page.annotation(_marker(marker))
    for row in ROWS:
        page = page.with_row(build.Row(row.title))
        for panel in row.panels:
            page = page.with_panel(_number(panel) if isinstance(panel, Number) else _graph(panel))
    return json.dumps(page.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def expressions() -> Iterator[str]:
    """Return every panel's expression, with Grafana's variables replaced by durations."""
    for row in ROWS:
        for panel in row.panels:
            queries = (panel.query,) if isinstance(panel, Number) else panel.queries
            for query in queries:
                yield _with_durations(query.expr)


def marker_expressions() -> Iterator[str]:
    """Return the expressions of markers, which have a value only where something happened."""
    for marker in MARKERS:
        yield _with_durations(marker.query.expr)


def _with_durations(expr: str) -> str:
    return expr.replace("$__rate_interval", "5m").replace("$__range", "1h")


def _namespace() -> build.QueryVariable:
    return (
        build.QueryVariable("namespace")
        .datasource(SOURCE)
        .query("label_values(riskgate_build_info, namespace)")
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .include_all(include_all=True)
        # Without Kubernetes no series has a namespace; "all" must still match everything.
        .all_value(".*")
        .current(model.VariableOption(text="All", value="$__all"))
        .multi(multi=True)
    )


def _account() -> build.QueryVariable:
    return (
        build.QueryVariable("account")
        .label("account, among those that metrics name")
        .datasource(SOURCE)
        .query(
            'label_values({__name__=~"riskgate_account_(headroom_ratio|stopped_positions)"}, '
            "account_id)"
        )
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .include_all(include_all=True)
        .all_value(".*")
        .current(model.VariableOption(text="All", value="$__all"))
        .multi(multi=True)
    )


def _marker(marker: Marker) -> Builder[model.AnnotationQuery]:
    return (
        build.AnnotationQuery()
        .name(marker.name)
        .datasource(SOURCE)
        .enable(enable=True)
        .icon_color(marker.color)
        .expr(marker.query.expr)
    )


def _number(panel: Number) -> Builder[model.Panel]:
    steps = [
        model.Threshold(value=None, color="green"),
        model.Threshold(value=panel.warn, color="orange"),
        model.Threshold(value=panel.bad, color="red"),
    ]
    return (
        stat.Panel()
        .title(panel.title)
        .unit(panel.unit)
        .datasource(SOURCE)
        .span(NUMBER_WIDTH)
        .height(NUMBER_HEIGHT)
        .thresholds(build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps))
        .with_target(_target(panel.query, 0))
    )


def _graph(panel: Graph) -> Builder[model.Panel]:
    graph = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.says)
        .unit(panel.unit)
        .axis_soft_min(0)
        .datasource(SOURCE)
        .span(GRAPH_WIDTH)
        .height(GRAPH_HEIGHT)
        .fill_opacity(20 if panel.stacked else 0)
        .tooltip(shapes.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    )
    if panel.stacked:
        graph = graph.stacking(shapes.StackingConfig().mode(common.StackingMode.NORMAL))
    for number, query in enumerate(panel.queries):
        graph = graph.with_target(_target(query, number))
    return graph


def _target(query: Query, number: int) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .expr(query.expr)
        .legend_format(query.legend)
        .ref_id(chr(ord("A") + number))
        .datasource(SOURCE)
    )


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(dashboard_text())
