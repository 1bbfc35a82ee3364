"""The judge is apart from the pipeline, and has to remember as much as risk does."""

from pipeline.risk.account import account
from pipeline.verify import walk


def test_judge_remembers_as_many_source_partitions_as_risk() -> None:
    assert walk.SOURCES_MAX == account.SOURCES_MAX
