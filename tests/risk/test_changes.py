"""The setters' keywords are the fields of the records that they change."""

from typing import get_type_hints

import pytest
from msgspec import Struct

from pipeline.risk.account import changes
from pipeline.risk.account.account import Account

RECORDS = [
    kind
    for name, kind in get_type_hints(Account).items()
    if isinstance(kind, type) and issubclass(kind, Struct) and name not in {"limits", "totals"}
]


@pytest.mark.interpreted
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_keywords_are_the_fields_when_a_record_is_changed(record: type[Struct]) -> None:
    keywords = getattr(changes, f"{record.__name__}Changes")

    assert get_type_hints(keywords) == get_type_hints(record)
