"""Parameters that belong to no single rule, with their defaults and bounds.

A rule's own parameters are in its file in rules/.
"""

from datetime import time
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from pipeline.risk.numbers import ONE
from topics.bounds import EXPONENT_MAX
from topics.further import kind_of

Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Duration = Annotated[int, Meta(ge=0, le=315_360_000_000)]  # In ms; at most ten years.
PerSymbol = Decimal | dict[str, Decimal]  # One number, or numbers by name; `*` covers the rest.
OnBreach = Literal["warn", "reduce", "halt", "flatten"]
ALL_OTHERS = "*"


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named group of parameters. Raise ValueError unless every Decimal is finite and >= 0."""

    RATIO_USUAL_MAX: ClassVar[Decimal] = ONE  # Above this, a percentage was probably meant.
    # The direction in which a parameter becomes looser, where its suffix `_max` or `_min` does not
    # tell: UP for a larger number, true or more names; DOWN for a smaller number, false or fewer.
    LOOSER_UP: ClassVar[tuple[str, ...]] = ()
    LOOSER_DOWN: ClassVar[tuple[str, ...]] = ()
    OFF_AT_ZERO: ClassVar[tuple[str, ...]] = ()  # Parameters that turn their rule off at 0.
    UNSET_IS: ClassVar[Decimal | None] = None  # The value of an unset number; None: no limit.

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            numbers = value.values() if isinstance(value, dict) else (value,)
            for number in numbers:
                if isinstance(number, Decimal):
                    _check_number(name, number)


class Lacking(NamedTuple):
    """A parameter that has no effect because others are missing."""

    parameter: str
    missing: tuple[str, ...]


def _check_number(name: str, number: Decimal) -> None:
    if not (number.is_finite() and number >= 0):
        raise ValueError(f"{name} must be a number >= 0")
    if number and abs(number.adjusted()) > EXPONENT_MAX:
        raise ValueError(f"{name} must have an exponent within ±{EXPONENT_MAX}")


def per_symbol(limit: PerSymbol | None, symbol: str) -> Decimal | None:
    """Return the limit that applies to a symbol or group, or None without one."""
    if isinstance(limit, dict):
        return limit.get(symbol, limit.get(ALL_OTHERS))
    return limit


class AccountParameters(Parameters, frozen=True, kw_only=True):
    zone: str = "UTC"
    day_roll: str = "00:00"  # Local time HH:MM.
    cash: Literal["converted", "by_currency"] = "converted"  # Fixed once the account has a history.
    # Topics without their prefix; unset accepts every one, empty accepts none.
    signal_topics: frozenset[str] | None = None
    fill_topics: frozenset[str] | None = None

    LOOSER_UP = ("signal_topics", "fill_topics")

    def __post_init__(self) -> None:
        for kind, topics in (("signal", self.signal_topics), ("fill", self.fill_topics)):
            if not all(kind_of(name) == f"{kind}s" for name in topics or ()):
                raise ValueError(
                    f"{kind}_topics must be a list of names such as [{kind}s, {kind}s.one]"
                )
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"zone {self.zone!r} is not known") from None
        if not _is_time_of_day(self.day_roll):
            raise ValueError("day_roll must be HH:MM")


def _is_time_of_day(text: str) -> bool:
    try:
        return len(text) in (5, 8) and time.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


class ReservationTimes(Parameters, frozen=True, kw_only=True):
    reservation_ttl_ms: Annotated[int, Meta(ge=1, le=315_360_000_000)] = 60_000
    order_silent_ms: Annotated[int, Meta(ge=1, le=315_360_000_000)] = 3_600_000

    LOOSER_UP = ("order_silent_ms",)
    LOOSER_DOWN = ("reservation_ttl_ms",)


class Dedupe(Parameters, frozen=True, kw_only=True):
    dedupe_horizon_ms: Annotated[int, Meta(ge=1, le=315_360_000_000)] = 604_800_000
    dedupe_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 100_000

    # Either direction can be looser: a smaller memory forgets duplicates sooner, a larger one
    # accepts older signals.
    LOOSER_UP = ("dedupe_max",)
    LOOSER_DOWN = ("dedupe_max",)


class Confirmation(Parameters, frozen=True, kw_only=True):
    confirm_marks: Annotated[int, Meta(ge=1, le=100)] = 3
    confirm_ms: Annotated[int, Meta(ge=1, le=86_400_000)] = 1000

    LOOSER_UP = ("confirm_marks", "confirm_ms")


class Sizing(Parameters, frozen=True, kw_only=True):
    modify_ratio_min: Decimal = Decimal("0.1")  # Of the requested quantity; less is rejected.


class StopPrices(Parameters, frozen=True, kw_only=True):
    atr_multiple: Decimal = Decimal(2)
    stop_ratio: Decimal = Decimal("0.02")


class Prices(Parameters, frozen=True, kw_only=True):
    clock_skew_ms_max: Duration = 1000
    mark_age_ms_max: Duration = 60_000


class Decisions(Parameters, frozen=True, kw_only=True):
    decision_ttl_ms: Annotated[int, Meta(ge=1, le=315_360_000_000)] = 2000

    LOOSER_UP = ("decision_ttl_ms",)


class Stops(Parameters, frozen=True, kw_only=True):
    resumes_per_day_max: Count = 3  # Resumes of loss stops since the day roll.


class Exits(Parameters, frozen=True, kw_only=True):
    exit_retry_ms: Annotated[int, Meta(ge=1, le=86_400_000)] = 1000

    LOOSER_UP = ("exit_retry_ms",)


class Alerts(Parameters, frozen=True, kw_only=True):
    alert_cooldown_ms: Duration = 300_000

    LOOSER_UP = ("alert_cooldown_ms",)


class Approvals(Parameters, frozen=True, kw_only=True):
    second_author: bool = False  # Documents, and resumes of loss stops, need two authors.

    LOOSER_DOWN = ("second_author",)


GROUPS: dict[str, type[Parameters]] = {
    "account": AccountParameters,
    "reservation": ReservationTimes,
    "dedupe": Dedupe,
    "confirmation": Confirmation,
    "sizing": Sizing,
    "stop": StopPrices,
    "prices": Prices,
    "decisions": Decisions,
    "exits": Exits,
    "alerts": Alerts,
    "stops": Stops,
    "approvals": Approvals,
}
