"""The inputs that ingest reads record by record, and the consumer groups in which it does.

Apart from roles/ingest so that whoever asks for offsets knows no role.
"""

from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings
from topics.catalogue import INPUTS
from topics.topic import Topic

__all__ = ["OPERATED", "OPERATORS_GROUP", "OTHERS", "STREAMS", "inputs_of"]

# The topics that ingest reads record by record; prices come from the tables.
STREAMS: tuple[Topic, ...] = tuple(topic for topic in INPUTS if topic.name != "prices")
# Operators' topics have their own consumer group; the others share one.
OPERATED = tuple(topic for topic in STREAMS if topic.name in {"controls", "limits"})
OTHERS = tuple(topic for topic in STREAMS if topic not in OPERATED)
OPERATORS_GROUP = "ingest-operators"


def inputs_of(settings: Settings) -> dict[str, list[str]]:
    """Return the topics that ingest reads, by its group."""
    others = [*(topic.name for topic in OTHERS), *settings.further_topics]
    return {
        settings.role_group(RoleName.INGEST): [settings.topic(name) for name in others],
        settings.role_group(OPERATORS_GROUP): [settings.topic(topic.name) for topic in OPERATED],
    }
