"""Start child processes that never outlive this one, however it ends.

Shared by the local Kafka, the demo's roles and the programs that watch them. The roles of one
`riskgate run` are started elsewhere: they are functions in the same Python, and they stop
gracefully when their parent dies instead of being killed.
"""

import random
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["end_process", "free_ports", "start_process"]

# Below the range that Linux uses for outgoing connections, which could take a port between a stop
# and a restart.
PORTS = range(20_000, 32_000)
# The shell becomes the command by exec. Its child reads a pipe that only the parent holds open;
# the pipe closes however the parent dies, even by SIGKILL, and the child then kills the group $$,
# which the kernel gives to no one else while it lives. PR_SET_PDEATHSIG would also fire when only
# the *thread* that started the process ends, and it needs code between fork and exec.
RUN_UNTIL_PARENT_DIES = 'exec 3<&0; (read -r _ <&3; kill -KILL -$$) & exec "$@" </dev/null 3<&-'


def start_process(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own; append what it writes to the log file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            ["sh", "-c", RUN_UNTIL_PARENT_DIES, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )


def end_process(process: subprocess.Popen[bytes], *, seconds_max: float) -> int:
    """Wait for a process to exit, kill it after `seconds_max`, and return its exit code."""
    try:
        code = process.wait(max(0.0, seconds_max))
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if process.stdin:
        process.stdin.close()  # Ends the shell's child, which waits for this pipe.
    return code


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago; another process may still take one."""
    candidates = iter(random.sample(PORTS, len(PORTS)))
    free: list[int] = []
    while len(free) < count:
        port = next(candidates)
        if _is_free(port):
            free.append(port)
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
