"""Flattening: while a flatten stop is open, our own exits close every position."""

from functools import partial

from msgspec.structs import replace

from pipeline.risk.account.records import Stop
from pipeline.risk.numbers import earliest, floor_to
from pipeline.risk.protection.exits import Run, again_ms, by_opening, close, plainly
from pipeline.risk.stops import Explanation, replace_stop, report_stop
from pipeline.risk.turn import Turn


def flatten(turn: Turn, run: Run = plainly) -> None:
    """Send missing exits and report the progress of each flatten stop.

    run: applies each exit in its own failure boundary, so that one that raises blocks no other.
    """
    if not is_flattening(turn):
        return
    sent = False
    for holding in sorted(turn.account.holdings.values(), key=by_opening):
        exit_ = partial(close, turn, holding, reason="emergency_stop")
        sent = bool(run("an exit", exit_)) or sent
    for stop in turn.account.halts.stops:
        if stop.strength == "flatten":
            _progress(turn, stop, moved=sent or (turn.filled and _is_older(turn, stop)))


def is_flattening(turn: Turn) -> bool:
    """Return whether a flatten stop is open."""
    stops = turn.account.halts.stops
    return bool(stops) and any(stop.strength == "flatten" for stop in stops)


def _is_older(turn: Turn, stop: Stop) -> bool:
    """Whether a stop was open before this event; the fill that triggers it is no progress."""
    return any(before.stop_id == stop.stop_id for before in turn.stops_before)


def _progress(turn: Turn, stop: Stop, *, moved: bool) -> None:
    flat, dust = _flatness(turn)
    if moved and not stop.reported_flattening:
        stop = _advance(turn, stop, replace(stop, status="flattening", reported_flattening=True))
        explanation = Explanation(f"exits for {stop.rule} were sent or filled")
        report_stop(turn, stop, status="flattening", explanation=explanation)
    if flat and stop.status != "flat":
        stop = _advance(turn, stop, replace(stop, status="flat"))
        left = f", dust left: {', '.join(dust)}" if dust else ""
        report_stop(
            turn, stop, status="flat", explanation=Explanation(f"nothing is left to close{left}")
        )
    elif not flat and stop.status == "flat":
        _advance(turn, stop, replace(stop, status="flattening"))


def _advance(turn: Turn, old: Stop, new: Stop) -> Stop:
    replace_stop(turn, old, new)
    return new


def _flatness(turn: Turn) -> tuple[bool, list[str]]:
    """Return whether nothing is left to close or reserved; list what is too small to close."""
    flat, dust = True, []
    for holding in turn.account.holdings.values():
        held = abs(holding.position.quantity)
        if holding.buys.quantity or holding.sells.quantity:
            flat = False
        if not held:
            continue
        instrument = holding.instrument
        if instrument is None or floor_to(held, instrument.lot_size) >= max(
            instrument.min_quantity, instrument.lot_size
        ):
            flat = False
        else:
            dust.append(f"{holding.symbol} {holding.position.quantity}")
    return flat, dust


def flatten_again_ms(turn: Turn) -> int | None:
    """When the next exit may be sent again, if one is missing."""
    if not (turn.account.halts.stops and is_flattening(turn)):
        return None
    wake_ms: int | None = None
    for holding in turn.account.holdings.values():
        wake_ms = earliest(wake_ms, again_ms(turn, holding, reason="emergency_stop"))
    return wake_ms
