from collections import Counter
from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline.demo.checks import answers_finding
from pipeline.demo.ledger import Ledger
from pipeline.demo.loss_timeline import LossLimits, LossTimeline
from pipeline.demo.summary import Prevented, StopTimes, prevented, quantile, stop_times
from tests.demo.given_demo import approval, stop
from topics.account_states import TOPIC as STATES
from topics.account_states import AccountState
from topics.signals import TOPIC as SIGNALS
from topics.signals import Signal

LIMITS = LossLimits(daily_loss_ratio_max=Decimal("0.02"), drawdown_ratio_max=Decimal("0.05"))


def clock() -> LossTimeline:
    return LossTimeline({"acct": LIMITS}, {"acct": Decimal(1000)})


def ledger() -> Ledger:
    return Ledger(clock())


def state(account_id: str, **statistics: str) -> AccountState:
    example = STATES.example
    assert isinstance(example, AccountState)
    told = {name: Decimal(number) for name, number in statistics.items()}
    return replace(example, account_id=account_id, statistics=told)


def signal(number: int) -> Signal:
    example = SIGNALS.example
    assert isinstance(example, Signal)
    return replace(example, signal_id=f"s{number}", account_id="acct")


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.99, 99), (0.991, 100), (0.0, 1), (1.0, 100)]
)
def test_a_quantile_is_one_of_the_numbers(share: float, expected: int) -> None:
    numbers = [float(number) for number in range(100, 0, -1)]

    assert quantile(numbers, share) == expected


def test_there_is_no_quantile_of_nothing() -> None:
    assert quantile([], 0.5) is None


def test_prevented_losses_are_added_up_apart_from_prevented_gains() -> None:
    states = [
        state("settled and open", prevented_loss="10.5", prevented_loss_open="30"),
        state("open gain larger", prevented_loss="10", prevented_loss_open="-70"),
        state("open", prevented_loss="0", prevented_loss_open="5"),
        state("nothing blocked"),
    ]

    assert prevented(states) == Prevented(2, Decimal("45.5"), 1, Decimal(60))


def test_latency_counts_from_the_first_writing_to_the_first_decision() -> None:
    seen = ledger()

    seen.signal(signal(1), 10.0)
    seen.signal(signal(1), 11.0)
    seen.read(approval(1), 10.25)
    seen.read(replace(approval(1), decision_id="acct:9:1", verdict="ignored"), 11.5)

    assert seen.latencies_s == [(10.25, 0.25)]
    assert (seen.undecided, seen.repeated) == (0, 1)
    assert seen.verdicts == Counter(approved=1, ignored=1)


def test_a_stop_is_timed_from_its_cause_to_flat() -> None:
    losses = clock()
    seen = Ledger(losses)

    losses.observe("acct", Decimal(979), peak=Decimal(1000), at_s=5.0)
    seen.read(stop(3), 5.5)
    seen.read(replace(stop(9, status="flat"), stop_id="acct:3:2"), 5.75)

    times = [stop_times(story) for story in seen.stops.values()]
    assert times == [StopTimes("acct", "daily_loss", to_stop_s=0.5, to_flat_s=0.25)]


def test_an_operators_stop_has_no_cause() -> None:
    seen = ledger()

    seen.read(stop(3), 5.5)

    assert [stop_times(story).to_stop_s for story in seen.stops.values()] == [None]


@pytest.mark.parametrize(
    ("equity", "peak", "since_s"),
    [
        ("980", "1000", None),  # Exactly 2 % of the opening.
        ("979.99", "1000", 3.0),
        ("1045", "1100", None),  # Exactly 5 % of the peak.
        ("1044.99", "1100", 3.0),
    ],
)
def test_a_loss_begins_beyond_its_limit(equity: str, peak: str, since_s: float | None) -> None:
    losses = clock()

    losses.observe("acct", Decimal(equity), peak=Decimal(peak), at_s=3.0)

    assert losses.since_s("acct", 3.1) == since_s


def test_a_loss_that_pauses_shortly_has_one_beginning() -> None:
    losses = clock()

    for at_s, equity in ((1.0, 970), (2.0, 990), (3.0, 970), (6.0, 970)):
        losses.observe("acct", Decimal(equity), peak=Decimal(1000), at_s=at_s)
        if at_s == 3.0:
            assert losses.since_s("acct", at_s) == 1.0

    assert losses.since_s("acct", 6.0) == 6.0


def test_answers_are_good_when_each_signal_has_one() -> None:
    sent = {("acct", "s1"), ("acct", "s2")}

    good = answers_finding(sent, Counter({("acct", "s1"): 1, ("acct", "s2"): 1}))
    silent = answers_finding(sent, Counter({("acct", "s1"): 1}))
    double = answers_finding(sent, Counter({("acct", "s1"): 2, ("acct", "s2"): 1}))
    foreign = answers_finding(sent, Counter({("acct", "s1"): 1, ("acct", "s3"): 1}))

    assert [finding.good for finding in (good, silent, double, foreign)] == [
        True,
        False,
        False,
        False,
    ]
    assert good.text == "each of 2 signals has exactly one decision"


def test_accounts_that_may_not_trade_are_known_as_stopped() -> None:
    seen = ledger()
    example = STATES.example
    assert isinstance(example, AccountState)

    for name, state in (("a", "active"), ("b", "reducing"), ("c", "halted")):
        seen.state(replace(example, account_id=name, trading_state=state))

    assert seen.stopped == {"b", "c"}
