"""Jars from a repository on this machine, named as a site would name its mirror."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.local import maven

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>org.example</groupId><artifactId>{name}</artifactId><version>1.0</version>
<dependencies>{needs}</dependencies></project>"""
NEED = """<dependency><groupId>org.example</groupId><artifactId>{name}</artifactId>
<version>1.0</version></dependency>"""
NEEDS = {"broker": ["clients"], "clients": ["log"], "log": []}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def put(repository: Path, name: str) -> None:
    folder = repository / "org" / "example" / name / "1.0"
    folder.mkdir(parents=True)
    (folder / f"{name}-1.0.jar").write_bytes(name.encode())
    (folder / f"{name}-1.0.pom").write_text(pom(name))


def pom(name: str) -> str:
    return POM.format(name=name, needs="".join(NEED.format(name=need) for need in NEEDS[name]))


@pytest.fixture(autouse=True)
def _mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in NEEDS:
        put(tmp_path / "mirror", name)
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "mirror"))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def test_jars_come_from_the_mirror_when_the_user_names_one(tmp_path: Path) -> None:
    paths = maven.download(["org.example:log:1.0", "org.example:clients:1.0"], tmp_path / "got")

    assert [path.name for path in paths] == ["log-1.0.jar", "clients-1.0.jar"]
    assert [path.read_bytes() for path in paths] == [b"log", b"clients"]


def test_jar_is_named_when_the_repository_does_not_have_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"org\.example:absent"):
        maven.download(["org.example:absent:1.0"], tmp_path / "got")


def test_all_that_is_needed_is_found_when_a_project_names_a_part(tmp_path: Path) -> None:
    project = tmp_path / "pom.xml"
    project.write_text(pom("broker"))

    found = maven.resolve(project, tmp_path / "got")

    assert sorted(found) == ["org.example:clients:1.0", "org.example:log:1.0"]
