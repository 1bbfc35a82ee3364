"""Differences that were found once, in their shortest form."""

from typing import Any

from tests.oracle.comparison import first_difference

T0_MS = 1_767_743_400_000
Json = dict[str, Any]
RULES: Json = {
    "stop": {"stop_ratio": "0.01"},
    "stop_loss": {"enabled": True},
    "time_stop": {"hold_ms_max": 1000},
    "reservation": {"reservation_ttl_ms": 3000},
}


def line(topic: str, after_ms: int, **value: object) -> Json:
    """Return a recorded line of the account, or of its instrument."""
    name, key = ("symbol", "Y") if topic in {"instruments", "prices"} else ("account_id", "a")
    at_ms = T0_MS + after_ms
    return {"topic": topic, "key": key, "timestamp_ms": at_ms, "value": {name: key} | value}


def fill(number: int, after_ms: int, side: str, quantity: str, price: str, **of: object) -> Json:
    """Return a fill; without a signal_id it is of nobody's order."""
    executed = {"executed_at_ms": T0_MS + after_ms, "order_id": f"o{number}", "symbol": "Y"}
    known = {"fill_id": f"f{number}", "side": side, "quantity": quantity, "price": price}
    return line("fills", after_ms, **executed, **known, **of)


BEGUN = [
    line("instruments", 0, settlement_currency="USD", tick_size="0.25", lot_size="0.1",
         min_quantity="0"),
    line("prices", 0, as_of_ms=T0_MS, bid="42.5", ask="43"),
    line("limits", 0, version=1, author="desk", reason="drawn", rules=RULES),
    line("accounts", 0, kind="opening", flow_id="w", currency="USD", amount="1000",
         as_of_ms=T0_MS),
]  # fmt: skip


def test_a_late_fill_of_an_expired_exit_ends_the_stop_it_was_sent_for() -> None:
    exit_id = "a:3:3"  # Of the stop that the first fill meets at once; it expires after 3 s.
    lines = [
        *BEGUN,
        fill(1, 100, "buy", "0.3", "43"),
        fill(2, 3500, "buy", "1", "42.5"),
        fill(3, 3501, "sell", "0.3", "42.25", signal_id=exit_id),
        line("prices", 7000, as_of_ms=T0_MS + 7000, bid="42.5", ask="43"),
    ]

    assert first_difference(lines) is None


def test_best_mark_of_before_a_stop_trailed_counts_in_both() -> None:
    marks = [
        line("prices", at_ms, as_of_ms=T0_MS + at_ms, bid=bid, ask=bid)
        for at_ms, bid in ((200, "50"), (300, "45"))
    ]
    on: Json = {"trailing_stop": {"trailing_ratio": "0.05"}, "stop_loss": {"enabled": False}}
    lines = [
        *BEGUN[:2],
        BEGUN[3],
        fill(1, 100, "buy", "1", "43"),
        *marks,
        line("limits", 400, version=1, author="desk", reason="drawn", rules=on),
        line("prices", 500, as_of_ms=T0_MS + 500, bid="44.5", ask="45"),
    ]

    assert first_difference(lines) is None
