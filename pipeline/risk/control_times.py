"""The times of a control: whether it comes in time, and when what it does ends by itself."""

from topics.controls import Control


def end_of(control: Control, now_ms: int) -> int | None:
    """Return when the stop of a control ends by itself, if it does."""
    return None if control.duration_ms is None else now_ms + control.duration_ms


def timing_refusal(
    control: Control, *, now_ms: int, tightened_ms: int, skew_ms_max: int
) -> str | None:
    """Return why the time of a control is wrong; tightened_ms: when the last stop was made.

    A control that tightens acts in the order of the log, whatever its author's clock says. A resume
    must not lift a stop that its author cannot have seen yet.
    """
    if control.expires_at_ms is not None and now_ms >= control.expires_at_ms:
        return "it has expired"
    if control.command != "resume":
        return None
    if control.issued_at_ms > now_ms + skew_ms_max:
        return "it was issued in the future"
    if control.issued_at_ms < tightened_ms:
        return "it was issued before the last control that tightened"
    return None
