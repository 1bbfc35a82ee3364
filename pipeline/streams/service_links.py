"""The variables that Kubernetes sets in every pod for Services named "riskgate…"."""

import re

__all__ = ["is_service_link"]

_LINK = re.compile(r"(.*_)?SERVICE_(HOST|PORT(_.*)?)|(.*_)?PORT_\d+_(TCP|UDP|SCTP)(_.*)?")
_ADDRESS = re.compile(r"(tcp|udp|sctp)://.*")


def is_service_link(name: str, value: str) -> bool:
    """Whether Kubernetes set a variable; name: without the prefix RISKGATE_."""
    is_address = name.endswith("PORT") and _ADDRESS.fullmatch(value) is not None
    return is_address or _LINK.fullmatch(name) is not None
