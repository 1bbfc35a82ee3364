"""Write a digest of the state that a rich history leaves: every key and value, in their order."""

import sys
from hashlib import blake2b

from pipeline.replay import partition
from pipeline.replay.memory import MemoryStore
from pipeline.risk.state import load_account
from tests.spec.wild import Wild

SEEDS = range(2)
ACTS = 150


def main() -> int:
    """Let histories happen, and write of each what its state is."""
    for seed in SEEDS:
        stores: list[MemoryStore] = []

        def make(made: list[MemoryStore] = stores) -> MemoryStore:
            made.append(MemoryStore())
            return made[-1]

        partition.__dict__.update({"MemoryStore": make, "COMMIT_EVENTS": 10})
        desk = Wild(seed).run(ACTS)
        rows = stores[0]._values
        account = load_account(rows[f"a|{desk.account}".encode()])
        digest = blake2b(repr(list(rows.items())).encode()).hexdigest()
        kept = " ".join(account.totals.exposures.kept)
        sys.stdout.write(f"{digest} {len(rows)} {account.applied.sequence} {kept}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
