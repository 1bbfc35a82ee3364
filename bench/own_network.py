"""A network of its own for a process, whose connections to the brokers are then in other hands.

The process listens where the brokers would, and gives the listening sockets to whoever holds the
other end of a socket (bench/links.py). It has no other way out. What is forked calls `enter`;
`unshare --map-root-user --net python -m bench.own_network SOCKET PORT... -- COMMAND` does the same
for a command.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["enter", "hand_over"]

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def enter() -> None:
    """Leave the common network. This process has one thread. Raise OSError where it may not."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | (CLONE_NEWUSER if user else 0)):
        raise OSError(ctypes.get_errno(), "no network of its own")
    if user:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            Path("/proc/self", name).write_text(text)


def hand_over(number: int, ports: Sequence[int]) -> None:
    """Bring the loopback interface up, listen, and send the sockets through a descriptor."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    listening = [socket.create_server(("127.0.0.1", port)) for port in ports]
    with socket.socket(fileno=number) as outside:
        socket.send_fds(outside, [b"-"], [each.fileno() for each in listening])
    for each in listening:
        each.close()  # They are open at the other end.


def main() -> None:
    """Hand over and become the command."""
    split = sys.argv.index("--")
    number, *ports = (int(text) for text in sys.argv[1:split])
    hand_over(number, ports)
    command = sys.argv[split + 1 :]
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
