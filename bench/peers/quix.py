"""A quixstreams peer as a program.

Arguments: kind, brokers, group, topic to read, topic to write, folder, seconds between commits.
"""

import sys
from pathlib import Path

from bench.passthrough import null_passthrough, stateful_count


def main() -> None:
    """Run the peer that is named."""
    kind, brokers, group, source, target, folder, commit_seconds = sys.argv[1:]
    peer = {"passthrough": null_passthrough, "stateful": stateful_count}[kind]
    app = peer(
        brokers,
        group=group,
        source=source,
        target=target,
        folder=Path(folder),
        commit_seconds=float(commit_seconds),
    )
    app.run()


if __name__ == "__main__":
    main()
