"""Checks: what each rule answered to an order, as a decision lists it."""

from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType

from topics.fields import Number, doc

Unit = Literal["ratio", "money", "quantity", "price", "ms", "count"]


class Check(Struct, frozen=True, gc=False):
    """What one rule answered."""

    rule: Annotated[str, doc("Name of the rule.")]
    verdict: Annotated[
        Literal["pass", "breach", "exempt"],
        doc("`exempt` means that the rule does not judge exits; it still shows its numbers."),
    ]
    measured: Annotated[
        Number | None,
        doc(
            "What the rule measured at the requested quantity.",
            unit="that of the field unit",
            null="if the rule has no number, or it cannot be measured; message says why",
        ),
    ] = None
    limit: Annotated[
        Number | None,
        doc("Limit in force.", unit="that of the field unit", null="if the rule has no number"),
    ] = None
    headroom: Annotated[
        Number | None,
        doc(
            "What is left: limit less measured, for a minimum measured less limit.",
            unit="that of the field unit, negative for a breach",
            null="if measured or limit is null",
        ),
    ] = None
    unit: Annotated[
        Unit | None,
        doc("Unit of these numbers; money is in account currency.", null="if there are none"),
    ] = None
    message: Annotated[
        str | UnsetType,
        doc("The breach in one sentence with its numbers.", absent="the rule was not breached"),
    ] = UNSET
