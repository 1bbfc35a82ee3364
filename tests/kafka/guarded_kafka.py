"""A Kafka that asks who you are: SASL/SCRAM over TLS, or a certificate, and the StandardAuthorizer.

Its plain listener stays, for the node itself and for who sets the scene; outside of tests there
would be none.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from pipeline.local.kafka import LocalKafka
from pipeline.local.processes import free_ports
from pipeline.streams.admin.acls import Access
from pipeline.streams.settings import Settings

PASSWORD = "not-a-secret"
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
KINDS = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
    "cluster": ResourceType.BROKER,  # librdkafka's name of the cluster's own resource.
}
OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Create": AclOperation.CREATE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}


class GuardedKafka(LocalKafka):
    """One node; who comes in by the guarded door may do what was allowed, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.authority, keystore = folder / "authority.pem", folder / "node.pem"
        self._folder_of_users = folder
        self._signer = ec.generate_private_key(ec.SECP256R1())
        root = _certificate("authority", self._signer.public_key(), is_authority=True)
        self.authority.write_bytes(_signed(root, self._signer))
        keystore.write_bytes(b"".join(self._issue("node", NoEncryption())))
        super().__init__(
            folder=folder / "kafka",
            settings={
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": "User:ANONYMOUS",
                "sasl.enabled.mechanisms": "SCRAM-SHA-512",
                "listener.name.guarded.scram-sha-512.sasl.jaas.config": LOGIN,
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": str(keystore),
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(self.authority),
                "listener.name.certified.ssl.client.auth": "required",
                "ssl.principal.mapping.rules": "RULE:^CN=(.*)$/$1/",
            },
        )
        self._guarded, self._certified = free_ports(2)

    def settings(self, user: str, **more: object) -> dict[str, object]:
        """Return the settings with which riskgate logs in as this user."""
        return {
            "brokers": f"127.0.0.1:{self._guarded}",
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": user,
            "sasl_password": PASSWORD,
            "ssl_ca_location": str(self.authority),
            **more,
        }

    def certified(self, user: str, **more: object) -> dict[str, object]:
        """Return the same for a user with a certificate, whose key has a password."""
        key, certificate = (
            self._folder_of_users / f"{user}.key",
            self._folder_of_users / f"{user}.crt",
        )
        pair = self._issue(user, BestAvailableEncryption(PASSWORD.encode()))
        key.write_bytes(pair[0])
        certificate.write_bytes(pair[1])
        return {
            "brokers": f"127.0.0.1:{self._certified}",
            "security_protocol": "SSL",
            "ssl_ca_location": str(self.authority),
            "ssl_certificate_location": str(certificate),
            "ssl_key_location": str(key),
            "ssl_key_password": PASSWORD,
            **more,
        }

    def client(self, user: str) -> dict[str, str]:
        """Return the same for a plain client."""
        return Settings.model_validate(self.settings(user)).connection()

    def allow(self, allowed: list[Access]) -> None:
        """Make the users that are named and allow them just this."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        users = [
            UserScramCredentialUpsertion(user, info, PASSWORD.encode())
            for user in sorted({str(access.party) for access in allowed})
        ]
        for answer in admin.alter_user_scram_credentials(users).values():
            answer.result(30)
        for binding in admin.create_acls([_binding(access) for access in allowed]).values():
            binding.result(30)

    def _issue(self, name: str, encryption: KeySerializationEncryption) -> tuple[bytes, bytes]:
        """Return a new key and its certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(name, key.public_key(), is_authority=False)
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        return own, _signed(made, self._signer)

    def _addresses(self, node: int) -> dict[str, str]:
        plain = super()._addresses(node)
        doors = {"GUARDED": self._guarded, "CERTIFIED": self._certified}
        more = [f"{name}://127.0.0.1:{port}" for name, port in doors.items()]
        protocols = plain["listener.security.protocol.map"]
        return plain | {
            "listeners": ",".join([plain["listeners"], *more]),
            "listener.security.protocol.map": f"{protocols},GUARDED:SASL_SSL,CERTIFIED:SSL",
        }


def _binding(access: Access) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if access.prefixed else ResourcePatternType.LITERAL
    return AclBinding(
        KINDS[access.kind],
        access.name,
        pattern,
        f"User:{access.party}",
        "*",
        OPERATIONS[access.operation],
        AclPermissionType.ALLOW,
    )


def _signed(certificate: x509.CertificateBuilder, signer: ec.EllipticCurvePrivateKey) -> bytes:
    return certificate.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, *, is_authority: bool
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named("authority"))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(address, critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
