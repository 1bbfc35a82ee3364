"""What tests of broadcast share."""

import pytest

from pipeline.streams.roles.broadcast.owned_partition import OwnedPartition
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables


@pytest.fixture
def owned() -> OwnedPartition:
    settings = Settings.model_construct()
    return OwnedPartition(settings, Tables(settings))
