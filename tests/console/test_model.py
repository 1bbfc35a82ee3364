"""The console knows what the outputs say, once each, and never more than it has room for."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.console.accounts import curve_view
from pipeline.console.curve import POINTS_MAX, Curve
from pipeline.console.entries import Entry
from pipeline.console.model import Model
from pipeline.console.refusals import Refusals
from pipeline.console.ring import Ring
from tests import given
from tests.console.visit import model_of, record
from tests.outputs.recorded import outputs
from tests.outputs.test_stops import HISTORY
from topics.dead_letters import TOPIC as LETTERS

HOUR_MS = 3_600_000


def entry(account_id: str, number: int) -> Entry:
    return Entry(at_ms=number, account_id=account_id, kind="decision", word="approved", text="")


def names(ring: Ring, account_id: str | None = None) -> list[int]:
    return [each.at_ms for each in ring.newest(account_id)]


def test_oldest_entry_goes_when_a_ring_is_full() -> None:
    ring = Ring(3, of_account_max=2)

    for number, account_id in enumerate("abab"):
        ring.add(entry(account_id, number))

    assert names(ring) == [3, 2, 1]
    assert (names(ring, "a"), names(ring, "b"), names(ring, "c")) == ([2], [3, 1], [])


def test_one_account_keeps_its_newest_entries_when_it_has_many() -> None:
    ring = Ring(10, of_account_max=2)

    for number in range(4):
        ring.add(entry("a", number))

    assert (names(ring, "a"), len(ring)) == ([3, 2], 4)


def test_curve_keeps_first_and_last_point_when_it_is_full() -> None:
    curve = Curve()

    for number in range(5 * POINTS_MAX):
        curve.add(number * 8000, Decimal(number), Decimal(0))

    points = curve.points()
    assert points[0].at_ms == 0
    assert POINTS_MAX / 2 <= len(points) < POINTS_MAX
    assert points[-1].equity > 4.9 * POINTS_MAX


def test_curve_has_no_point_when_equity_is_unknown() -> None:
    curve = Curve()

    curve.add(1, None, None)

    assert curve.points() == []


def test_refusals_count_for_an_hour_when_time_goes_on() -> None:
    refusals = Refusals()
    refusals.add("a", 0)
    refusals.add("a", HOUR_MS - 1)

    assert refusals.of("a", HOUR_MS - 1) == 2
    assert refusals.of("a", HOUR_MS) == 1  # The first minute is an hour ago.
    assert refusals.of("b", 0) == 0


def test_record_counts_once_when_it_is_read_twice() -> None:
    made = [each for each in outputs(*HISTORY) if each.topic == "decisions"]
    model = model_of(made)
    before = len(model.decisions), model.revision

    model.take(made[0])

    assert (len(model.decisions), model.revision) == before


def test_row_counts_once_when_a_worker_sent_it_again() -> None:
    made = [each for each in outputs(*HISTORY) if each.topic == "decisions"]
    model = model_of(made)
    before = len(model.decisions)

    model.take(made[-1]._replace(offset=99))

    assert len(model.decisions) == before


def test_timeline_shows_stops_once_and_newest_first_when_a_loss_stopped_the_account() -> None:
    model = model_of(outputs(*HISTORY))

    timeline = model.timeline(given.ACCOUNT)

    found = [(each.kind, each.word) for each in timeline]
    assert ("exit", "emergency_stop") in found
    assert timeline == sorted(timeline, key=lambda each: -each.at_ms)
    assert [word for kind, word in found if kind == "stop"] == ["flattening", "triggered"]


def test_age_of_a_stop_is_known_until_it_is_lifted() -> None:
    model = model_of(outputs(given.account(), given.control("halt")))
    (stop_id,) = model.rows.accounts[given.ACCOUNT].stops

    opened = model.opened_at_ms(given.ACCOUNT, stop_id)

    assert opened == given.T0_MS + 1000
    assert model.opened_at_ms(given.ACCOUNT, "another") is None


def test_flow_is_in_the_timeline_when_money_came_or_went() -> None:
    model = Model()
    flows = (given.flow("deposit", 5000), given.flow("withdrawal", 200, flow_id="flow-2"))
    for output in outputs(given.account(), *flows, given.signal("buy", 2)):
        model.take(output)

    found = [each.text for each in model.marks(given.ACCOUNT)]

    assert found == ["FLOW withdrawal of 200 USD", "FLOW deposit of 5,000 USD"]


def test_profit_is_no_flow_when_prices_move() -> None:
    model = Model()
    for output in outputs(*HISTORY):
        model.take(output)

    assert "flow" not in {each.kind for each in model.marks(given.ACCOUNT)}


def test_limits_of_everyone_mark_an_account_when_they_change() -> None:
    model = model_of(outputs(given.account()))
    model.take(record(given.limits({}), "limits"))

    assert [each.kind for each in model.marks(given.ACCOUNT)] == ["limits"]
    assert [each.kind for each in model.timeline(given.ACCOUNT)] == ["limits"]


def test_refused_document_changes_nothing_in_force_when_its_version_is_old() -> None:
    model = Model()
    document = given.limits({"drawdown": {"drawdown_ratio_max": "0.05"}})
    model.take(record(document, "limits"))
    model.take(record(replace(document, reason="again"), "limits", offset=1))

    words = [found.word for found, _ in model.documents]
    assert words == ["refused", "in force"]
    assert model.published.in_force["*"] == document


def test_nothing_is_known_when_somebody_else_wrote_the_record() -> None:
    model = Model()
    letter = record(LETTERS.example, "dead_letters")
    halt = record(given.control("halt", issued_at_ms=1), "controls")

    model.take(letter._replace(value=b"1"))
    model.take(halt._replace(account_id="another"))

    assert (list(model.letters), len(model.incidents)) == ([], 0)


def test_curve_ends_with_what_is_so_now_when_rows_come_fast() -> None:
    model = Model()
    for output in outputs(*HISTORY):
        model.take(output)

    view = curve_view(model, given.ACCOUNT)

    assert view.at_ms[-1] == model.rows.accounts[given.ACCOUNT].at_ms
    assert view.equity[-1] == 97_000.0
    assert max(marker.at_ms for marker in view.markers) <= view.at_ms[-1]
