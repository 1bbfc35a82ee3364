"""The audit: what people and releases did in the last hours, read from Kafka when asked for."""

from msgspec import Struct
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from pipeline.console.asking import flag, number, text
from pipeline.console.place import AuditQuery, Place
from pipeline.outputs.audit import Entry
from pipeline.outputs.audit_page import csv_lines

__all__ = ["HOURS_MAX", "AuditList", "as_csv", "audit_list"]

HOURS_MAX = 31 * 24
HOURS = 24
SHOWN_MAX = 500


class AuditList(Struct, frozen=True, kw_only=True):
    """What was done, newest first; how many there are if some are left out."""

    entries: tuple[Entry, ...]
    found: int


def audit_list(place: Place, query: QueryParams) -> AuditList:
    """Return the newest entries of an audit."""
    found = place.audit(audit_query(query))[::-1]
    return AuditList(entries=tuple(found[:SHOWN_MAX]), found=len(found))


def as_csv(place: Place, request: Request) -> Response:
    """Return the whole audit as a file for a spreadsheet, oldest first."""
    lines = csv_lines(place.audit(audit_query(request.query_params)))
    return Response(
        "".join(f"{line}\r\n" for line in lines),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="riskgate-audit.csv"'},
    )


def audit_query(query: QueryParams) -> AuditQuery:
    """Return what is asked for. Raise HTTPException if it makes no sense."""
    return AuditQuery(
        hours=number(query, "hours", default=HOURS, most=HOURS_MAX),
        account=text(query, "account"),
        releases=flag(query, "releases"),
    )
