"""How many bytes each outside party may write, as options of kafka-configs.

Kafka holds a client that writes more back, so that one producer cannot take all of the brokers and
of ingest. The numbers are ten times what such a party sends on a busy day; change them freely.
"""

from pipeline.streams.settings import Settings
from topics.further import kind_of, owner_of

__all__ = ["QUOTAS", "quota_lines"]

# Bytes per second and broker, by who writes; riskgate's own roles and operators have none.
QUOTAS = {"strategy": 1_000_000, "engine": 2_000_000, "desk": 500_000, "market": 10_000_000}
OWNERS = {"signals": "strategy", "fills": "engine"}  # Who has a further topic of a kind.


def quota_lines(settings: Settings, *, owner: str | None = None) -> list[str]:
    """Return lines that each hold the options of one call of kafka-configs.

    owner: only the quota of whoever has further topics of this name.
    """
    found = dict(QUOTAS) if owner is None else {}
    for name in settings.further_topics:
        kind, party = kind_of(name), owner_of(name)
        if kind is not None and owner in {None, party}:
            found[party] = max(found.get(party, 0), QUOTAS[OWNERS[kind]])
    return [
        f"--alter --entity-type users --entity-name {party} --add-config producer_byte_rate={rate}"
        for party, rate in found.items()
    ]
