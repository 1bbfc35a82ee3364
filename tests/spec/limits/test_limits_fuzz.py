"""Limits documents of anything at all: refused whole and told, or taken and judged by."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.risk.limits.document import NAMES
from pipeline.streams.settings import Settings
from tests.spec.desk import MINUTE, SECOND, Desk, open_desk

few = settings(max_examples=60, deadline=None)
_SHORT = Settings.model_construct(long_run_bars=2, atr_periods=2)
_PARAMETERS = [(name, field) for name, kind in NAMES.items() for field in kind.__struct_fields__]
_LIKELY: list[Any] = [
    "0", "1e-30", "1e30", "1", "2", 3, "0.5", "9" * 30, 1e9, {"X": "1e-30", "*": "1e30"},
    {"Y": 1}, {"X": 0}, "reduce", "halt", "flatten", "warn", True,
]  # fmt: skip
_UNLIKELY: list[Any] = [
    "-1", "NaN", "Infinity", "1e31", "0x10", "1,5", "٣", "", " ", "-0", -0.0, 10**40, None, [], {},
    "24:00", "00:00Z", "../UTC", "localtime", "*", {"X": {"Y": 1}}, {"": "1"}, [1], {"X": None},
]  # fmt: skip
_pair = st.tuples(st.sampled_from(_PARAMETERS), st.sampled_from(_LIKELY + _UNLIKELY))
_likely = st.tuples(st.sampled_from(_PARAMETERS), st.sampled_from(_LIKELY))
_document = st.lists(st.one_of(_pair, _likely), min_size=1, max_size=4)


def desk_with_history() -> Desk:
    """Return a desk with the defaults, two instruments and three closed bars of each."""
    desk = open_desk({}, mark=None, settings=_SHORT)
    desk.instrument(groups=["a"], session="24/7")
    desk.instrument("Y", lot_size="0.1", min_quantity="0.1")
    for mark in (100, 103, 99):
        desk.price(mark)
        desk.price(mark, "Y")
        desk.wait(MINUTE)
    return desk


def told(desk: Desk) -> int:
    """Count the refusals so far."""
    return len(desk.alerts("limits")) + len(desk.sent("dead_letters"))


def trade(desk: Desk) -> None:
    """Trade up and down, sized and not, with marks that breach what can be."""
    desk.price(100)
    desk.price(50, "Y")
    for side, quantity, symbol in (("buy", 3, "X"), ("sell", None, "X"), ("buy", None, "Y")):
        decision = desk.signal(side, quantity, symbol=symbol, confidence="0.7")
        if decision["approved_quantity"] != "0":
            named = {"symbol": symbol, "signal_id": decision["signal_id"]}
            desk.fill(side, decision["approved_quantity"], 100, **named)
    for mark in (60, 61):
        desk.wait(2 * SECOND)
        desk.price(mark)
    desk.signal("sell", 1, stop_price="1")
    desk.wait(SECOND)


@given(documents=st.lists(_document, min_size=1, max_size=3), of=st.sampled_from(["*", "acct-1"]))
@few
def test_document_is_taken_or_refused_and_told_and_never_stumbled_over(
    documents: list[list[tuple[tuple[str, str], Any]]], of: str
) -> None:
    desk = desk_with_history()

    for version, document in enumerate(documents, start=2):
        rules: dict[str, dict[str, Any]] = {}
        for (name, parameter), value in document:
            rules.setdefault(name, {})[parameter] = value
        before, refusals = desk.signal("hold")["limits_version"], told(desk)
        desk.limits(rules, account=of, version=version)
        taken = desk.signal("hold")["limits_version"] != before
        trade(desk)

        assert taken == (told(desk) == refusals)
        assert desk.alerts("internal_error") == []
