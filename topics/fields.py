"""The field types every message is built from: ids, times, exact numbers and their bounds.

A bound stands in the type and a description beside it, so the codec, the JSON Schema and the
documentation say the same.
"""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

# The look-ahead refuses a newline that `$` alone would let through at the end.
_ID = r"^[A-Za-z0-9._/@-]{1,128}$(?!\n)"
_ID_WITH_COLON = r"^[A-Za-z0-9._/@:-]{1,128}$(?!\n)"
# As `BRK B` and ccxt's `BTC/USDT:USDT`. A bar stands in none of all these: it separates keys.
_NAME_PART = "[A-Za-z0-9._/@:&+=#-]"
_NAME = rf"^{_NAME_PART}([A-Za-z0-9 ._/@:&+=#-]{{0,126}}{_NAME_PART})?$(?!\n)"
_ID_OR_ALL = r"^([A-Za-z0-9._/@-]{1,128}|\*)$(?!\n)"

DECIMAL = "decimal"  # The format by which schema and bounds know our exact numbers.
EXACT = "x-exact"  # Of an output: written with all its digits, however many.
_DECIMAL = {"format": DECIMAL}

EVERYONE = "*"  # In limits and controls: every account.

Id = Annotated[str, Meta(pattern=_ID)]
EventId = Annotated[str, Meta(pattern=_ID_WITH_COLON)]  # Of what is sent, and all we derive.
Symbol = Annotated[str, Meta(pattern=_NAME)]
StrategyId = Annotated[str, Meta(pattern=_NAME)]
# Derived by riskgate, `<account_id>:<sequence>:<n>`, or an id that was given.
AnyId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._/@:-]{1,160}$(?!\n)")]
AlertId = Annotated[str, Meta(pattern=r"^([A-Za-z0-9._/@-]{1,128}|\*):[0-9]+:[0-9]+$(?!\n)")]
AccountOrAll = Annotated[str, Meta(pattern=_ID_OR_ALL)]
# As `0.1.0+0123456789ab`.
RulesVersionId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.+_-]{1,64}$(?!\n)")]
TEXT_MAX = 500  # Characters.
Text = Annotated[str, Meta(max_length=TEXT_MAX)]
# Text that must not be empty.
NonEmptyText = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]

Millis = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # Since the epoch, UTC; to year 9999.
Version = Annotated[int, Meta(ge=1, le=2**53)]
Lasting = Annotated[int, Meta(ge=1, le=31_536_000_000)]  # A duration in ms, a year at most.

Number = Annotated[Decimal, Meta(extra_json_schema=_DECIMAL)]
Positive = Annotated[Decimal, Meta(extra_json_schema={**_DECIMAL, "exclusiveMinimum": 0})]
NotNegative = Annotated[Decimal, Meta(extra_json_schema={**_DECIMAL, "minimum": 0})]
Share = Annotated[Decimal, Meta(extra_json_schema={**_DECIMAL, "minimum": 0, "maximum": 1})]

Quantity = Annotated[Decimal, Meta(extra_json_schema={**_DECIMAL, EXACT: True})]

Side = Literal["buy", "sell"]
TradingState = Literal["active", "reducing", "halted"]


UNITS = "units of the instrument, unsigned"
SIGNED_UNITS = "units of the instrument, negative is short"
PRICE = "price as quoted, in the settlement currency if linear"
MONEY = "account currency, unsigned"
SIGNED_MONEY = "account currency, signed"
RATIO = "fraction, 0.05 is 5 %"
EPOCH_MS = "ms since the epoch, UTC"
UNVALUED = "while a mark or rate is missing"
UNKNOWN = "while equity is unknown: no opening yet, or a mark or rate missing or stale"


def doc(meaning: str, *, unit: str = "", absent: str = "", null: str = "") -> Meta:
    """Describe a field. absent: what happens without it; null: when it is null.

    Schemas show one text; the parts stay apart for the tables of docs/messages.md.
    """
    without = [f"If absent, {absent}."] if absent else []
    without += [f"Null {null}."] if null else []
    text = " ".join([meaning, *([f"Unit: {unit}."] if unit else []), *without])
    return Meta(description=text, extra={"meaning": " ".join([meaning, *without]), "unit": unit})


AccountId = Annotated[Id, doc("Account that the message is about; also the key of the message.")]
Sequence = Annotated[int, doc("Number of the event that led to this message, from 1 per account.")]
Chain = Annotated[
    str,
    doc("Digest of all events of the account up to this one; equal chains mean equal histories."),
]
RulesVersion = Annotated[
    str,
    doc(
        "Release that decided, and a digest of its rules, defaults, time zones and calendars, as "
        "`0.1.0+0123456789ab`."
    ),
]
AtMs = Annotated[
    Millis, doc("Clock of the account: append time of its newest event.", unit=EPOCH_MS)
]
LimitsVersion = Annotated[
    str,
    doc("Limits in force, as `<version of *>.<version of the account>`; 0 means no document."),
]


class Written(Struct, frozen=True):
    """A message that riskgate writes: quantities exact, other numbers with 18 decimal places."""


class DecodeError(ValueError):
    """Bytes are not the message they should be; `path` is the field's, as `$.quantity`."""

    def __init__(self, error: str, path: str | None = None) -> None:
        super().__init__(f"{path}: {error}" if path else error)
        self.error = error
        self.path = path
