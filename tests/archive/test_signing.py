"""A signed archive names who archived each day; a key or signature that does not fit is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pipeline.archive.manifest import MANIFEST, SIGNATURE
from pipeline.archive.signing import private_key, public_key, sign, unsigned
from pipeline.errors import StartupError
from tests.archive.archives import FIRST, SECOND, write_archive
from tests.cli.command import riskgate


class Keys(NamedTuple):
    """The two files of a key."""

    private: Path
    public: Path


def write_keys(folder: Path) -> Keys:
    folder.mkdir()
    key = Ed25519PrivateKey.generate()
    keys = Keys(folder / "KEY.pem", folder / "PUBLIC.pem")
    keys.private.write_bytes(private_pem(key))
    keys.public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return keys


def private_pem(
    key: PrivateKeyTypes, encryption: KeySerializationEncryption | None = None
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Return a key."""
    return write_keys(tmp_path / "keys")


@pytest.fixture
def archive(tmp_path: Path, keys: Keys) -> Path:
    """Return an archive of two signed days."""
    folder = tmp_path / "days"
    folder.mkdir()
    write_archive(folder)
    for day in (FIRST, SECOND):
        sign(folder / day, private_key(keys.private))
    return folder


def test_signed_archive_is_whole_when_its_own_key_is_asked(archive: Path, keys: Keys) -> None:
    done = riskgate("verify", str(archive), "--signed-by", str(keys.public))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"and all are signed by {keys.public}\n")


def test_signature_is_refused_when_another_key_is_asked(archive: Path, tmp_path: Path) -> None:
    other = write_keys(tmp_path / "other")

    done = riskgate("verify", str(archive), "--signed-by", str(other.public))

    assert done.returncode == 1
    assert done.stdout.count(f"/{SIGNATURE} is not of this key and this manifest") == 2


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda day: (day / SIGNATURE).unlink(), f"{SECOND}: its manifest is not signed"),
        (
            lambda day: (day / MANIFEST).write_bytes((day / MANIFEST).read_bytes() + b" "),
            f"{SECOND}/{SIGNATURE} is not of this key and this manifest",
        ),
        (
            lambda day: (day / SIGNATURE).write_bytes(b"short"),
            f"{SECOND}/{SIGNATURE} is not of this key and this manifest",
        ),
    ],
    ids=["removed", "manifest changed", "cut"],
)
def test_day_is_named_when_its_signature_does_not_fit(
    archive: Path, keys: Keys, harm: Callable[[Path], object], said: str
) -> None:
    harm(archive / SECOND)

    assert list(unsigned(archive, public_key(keys.public))) == [said]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key",
        private_pem(ec.generate_private_key(ec.SECP256R1())),
        private_pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"secret")),
    ],
    ids=["empty", "text", "other kind", "with password"],
)
def test_private_key_is_refused_with_a_way_to_make_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "KEY.pem"
    path.write_bytes(content)

    with pytest.raises(StartupError, match="make one: openssl genpkey"):
        private_key(path)


def test_public_key_is_refused_when_it_is_the_private_one(keys: Keys) -> None:
    with pytest.raises(StartupError, match="no public Ed25519 key"):
        public_key(keys.private)


def test_archive_is_not_begun_when_its_key_is_missing(tmp_path: Path) -> None:
    done = riskgate("archive", str(tmp_path / "days"), "--sign-with", str(tmp_path / "none.pem"))

    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == f"riskgate: {tmp_path / 'none.pem'} cannot be read (No such file or directory)\n"
    )


def test_key_that_signed_is_refused_when_no_archive_is_named(keys: Keys) -> None:
    done = riskgate("verify", "--signed-by", str(keys.public))

    assert done.returncode == 2
    assert "--signed-by needs the folder of an archive" in done.stderr
