"""The page of licences names every package that a lock holds, at its version."""

import pytest

from tests.licences import PAGE, UNKNOWN, licence_of_jar, locked, tables
from tests.readme_tables import between_marks


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-image.lock"])
def test_package_is_on_the_page_at_its_version_when_a_lock_holds_it(lock: str) -> None:
    page = PAGE.read_text()

    missing = [each for each in locked(lock) if "| {} | {} |".format(*each) not in page]

    assert missing == []
    assert locked(lock) != []


@pytest.mark.parametrize("name", ["image", "clone", "jars"])
def test_table_is_what_is_installed_when_the_page_is_read(name: str) -> None:
    found = between_marks(PAGE.read_text(), name)

    assert found == tables()[name]
    assert f"| {UNKNOWN} |" not in found


def test_licence_of_a_jar_is_unknown_when_nobody_wrote_it_down() -> None:
    assert licence_of_jar("com.example:nothing") == UNKNOWN


def test_licence_of_a_jar_is_its_projects_when_its_group_has_another() -> None:
    assert licence_of_jar("org.slf4j:slf4j-api") == "MIT"
    assert licence_of_jar("org.apache.kafka:kafka-clients") == "Apache-2.0"
