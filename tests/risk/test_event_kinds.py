"""What each kind of event is: one that may come twice, one that concerns every account.

Whoever adds an event decides both here; `step` decides what the event means.
"""

from typing import cast

from pipeline.risk.account.identities import identity
from pipeline.risk.shared_record import apply_shared
from pipeline.risk.state import new_shared
from pipeline.risk.structs import replace
from topics.event_types import EVENT_TYPES, type_of
from topics.events import TOPIC, Event
from topics.fields import EVERYONE

EXAMPLES = cast(tuple[Event, ...], TOPIC.examples)
MAY_COME_TWICE = {"orders", "positions", "limits", "revaluation", "heartbeat", "instruments"}
OF_EVERYONE = {"limits", "controls", "heartbeat", "instruments"}


def test_every_kind_is_an_example_when_the_topic_is_read() -> None:
    assert {type_of(type(event)) for event in EXAMPLES} == set(EVENT_TYPES)


def test_other_events_have_an_identity_when_these_may_come_twice() -> None:
    without = {type_of(type(event)) for event in EXAMPLES if identity(event) is None}

    assert without == MAY_COME_TWICE


def test_other_events_change_nothing_when_they_name_everyone() -> None:
    shared = replace(new_shared(partition=0, rules_version="test"), clock_ms=1)

    changing = {
        type_of(type(event))
        for event in EXAMPLES
        if apply_shared(shared, replace(event, account_id=EVERYONE), at_ms=1) != (shared, ())
    }

    assert changing == OF_EVERYONE
