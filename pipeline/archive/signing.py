"""Ed25519 signatures of manifests: a chain of digests shows a change, a signature who archived.

Keys are PEM files as `openssl genpkey -algorithm ed25519` writes them, and a signature is the 64
bytes of RFC 8032, so that openssl verifies it without riskgate.
"""

from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from pipeline.archive.manifest import MANIFEST, SIGNATURE, days_of
from pipeline.errors import StartupError

__all__ = ["private_key", "public_key", "sign", "unsigned"]

_MAKE = "openssl genpkey -algorithm ed25519 -out KEY.pem"
_PUBLISH = "openssl pkey -in KEY.pem -pubout -out PUBLIC.pem"


def private_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs. Raise StartupError when the file holds none."""
    try:
        key = load_pem_private_key(_content(path), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):  # TypeError: it needs a password.
        key = None
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise StartupError(f"{path} is no private Ed25519 key without a password; make one: {_MAKE}")


def public_key(path: Path) -> Ed25519PublicKey:
    """Read the key that verifies. Raise StartupError when the file holds none."""
    try:
        key = load_pem_public_key(_content(path))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, Ed25519PublicKey):
        return key
    raise StartupError(f"{path} is no public Ed25519 key; write it with: {_PUBLISH}")


def sign(day: Path, key: Ed25519PrivateKey) -> None:
    """Sign the manifest in the folder of a day."""
    (day / SIGNATURE).write_bytes(key.sign((day / MANIFEST).read_bytes()))


def unsigned(folder: Path, key: Ed25519PublicKey) -> Iterator[str]:
    """Yield a sentence for each day whose manifest the holder of the key has not signed."""
    for day in days_of(folder):
        path = folder / day / SIGNATURE
        if not path.is_file():
            yield f"{day}: its manifest is not signed"
        elif not _is_signed(folder / day, key):
            yield f"{day}/{SIGNATURE} is not of this key and this manifest"


def _is_signed(day: Path, key: Ed25519PublicKey) -> bool:
    try:
        key.verify((day / SIGNATURE).read_bytes(), (day / MANIFEST).read_bytes())
    except (InvalidSignature, OSError):
        return False
    return True


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartupError(f"{path} cannot be read ({error.strerror})") from None
