"""A console on recorded outputs that a browser can reach, and what a test does to it."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from pipeline.console.application import application
from pipeline.console.model import Model
from pipeline.console.place import Place
from pipeline.outputs.record import Output
from tests import given
from tests.console.visit import Fresh, place_of
from tests.outputs.recorded import outputs

# Money comes in, then a loss of 3 % stops the account: the end of tests/outputs/test_stops.py.
LOSING = (
    given.limits(given.only("daily_loss", daily_loss_ratio_max="0.02")),
    given.instrument(),
    given.price(100),
    given.account(),
    given.signal("buy", 2),
    given.flow("deposit", 5000),
    given.fill("buy", 1000, 100),
    given.price(97),
    given.price(97),
    given.price(97),
)


class Served:
    """A console that is being served."""

    def __init__(self, place: Place, fresh: Fresh, url: str) -> None:
        self.url = url
        self.fresh = fresh
        self._model = place.model

    def take(self, made: Sequence[Output]) -> None:
        """Take what riskgate wrote meanwhile."""
        for output in made:
            self._model.take(output)


@contextmanager
def served(place: Place | None = None) -> Iterator[Served]:
    """Serve a console on a free port of this machine."""
    if place is None:
        made = outputs(*LOSING)
        place = place_of(made)._replace(model=Model())
        for output in made:
            place.model.take(output)
    fresh = Fresh()
    place = place._replace(freshness=fresh)
    config = uvicorn.Config(
        application(place), port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(place, fresh, f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join(5)
