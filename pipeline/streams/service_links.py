"""What Kubernetes sets in every pod for a Service whose name begins with "riskgate"."""

import re

__all__ = ["is_service_link"]

_LINK = re.compile(r"(.*_)?SERVICE_(HOST|PORT(_.*)?)|(.*_)?PORT_\d+_(TCP|UDP|SCTP)(_.*)?")
_ADDRESS = re.compile(r"(tcp|udp|sctp)://.*")


def is_service_link(name: str, value: str) -> bool:
    """Whether a variable is one of those; name: without the prefix of ours."""
    is_address = name.endswith("PORT") and _ADDRESS.fullmatch(value) is not None
    return is_address or _LINK.fullmatch(name) is not None
