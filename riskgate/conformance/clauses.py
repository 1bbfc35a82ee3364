"""Every clause of docs/execution-engines.md that can be seen from outside, in the page's order."""

from riskgate.conformance import acting, answering, stopping
from riskgate.conformance.clause import Clause

__all__ = ["CLAUSES"]

CLAUSES: list[Clause] = sorted(
    [*acting.CLAUSES, *stopping.CLAUSES, *answering.CLAUSES], key=lambda clause: clause.rule
)
