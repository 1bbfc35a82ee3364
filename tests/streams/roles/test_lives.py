"""Lives of a role in one process: which follow each other, how often, and what ends them."""

from collections.abc import Callable

import pytest

from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.observe.metrics import value
from pipeline.streams.observe.probes import Probes
from pipeline.streams.role_interface import SessionLost, Stopped
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles import lives as lives_module
from pipeline.streams.roles.lives import Lives
from pipeline.streams.settings import Settings


class _Clock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class _Admin:
    def __init__(self, _: dict[str, object]) -> None:
        pass

    def list_topics(self, timeout: float) -> None:
        """A broker answers."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(lives_module, "time", clock)
    monkeypatch.setattr(lives_module, "AdminClient", _Admin)
    monkeypatch.setattr(lives_module, "exit_on_sigterm", lambda: None)
    return clock


def live_through(*endings: BaseException | None) -> Callable[[], None]:
    """Return a role whose lives end one after the other like this; None: well."""
    left = list(endings)

    def live() -> None:
        ending = left.pop(0)
        if ending is not None:
            raise ending

    return live


def lives(most: int = 3) -> Lives:
    """Return what runs a role."""
    return Lives(RoleName.INGEST, Settings(sessions_mended_max=most), Probes())


def mended() -> float:
    """Return how many sessions were mended."""
    return value("riskgate_sessions_mended_total", role="ingest")


def test_new_life_follows_when_a_session_was_lost(caplog: pytest.LogCaptureFixture) -> None:
    before = mended()

    lives().run(live_through(SessionLost("gone"), SessionLost("again"), None))

    assert mended() - before == 2
    assert "ingest: gone. A new session begins in this process, the 1. of at most 3" in caplog.text


def test_no_life_follows_when_a_person_must_mend_it() -> None:
    with pytest.raises(Stopped, match="the log was cut"):
        lives().run(live_through(Stopped("the log was cut"), None))


def test_process_ends_when_too_many_sessions_were_lost_in_a_while() -> None:
    endings = [SessionLost("gone")] * 4

    with pytest.raises(Stopped, match="gone, 3 times before within 10 minutes") as raised:
        lives().run(live_through(*endings, None))

    assert not isinstance(raised.value, SessionLost)


def test_sessions_lost_long_ago_count_no_more(clock: _Clock) -> None:
    def live() -> None:
        clock.now_s += 301
        if clock.now_s < 3000:
            raise SessionLost("gone")

    lives().run(live)

    assert clock.now_s > 3000


def test_first_life_ends_the_process_when_no_broker_answers() -> None:
    with pytest.raises(BrokerError, match="nobody"):
        lives().run(live_through(BrokerError("nobody answers"), None))


def test_later_life_waits_when_no_broker_answers() -> None:
    before = mended()

    lives().run(live_through(SessionLost("gone"), BrokerError("nobody answers"), None))

    assert mended() - before == 2


def test_every_lost_session_ends_the_process_when_none_is_to_be_mended() -> None:
    with pytest.raises(Stopped, match=r"^gone$"):
        lives(most=0).run(live_through(SessionLost("gone"), None))
