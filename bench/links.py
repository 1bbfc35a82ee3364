"""The connections of each process to each broker, which may stall, slow down or break.

A process in a network of its own (bench/own_network.py) has its brokers' ports answered here: one
thread copies bytes between it and the real broker. What a link does not let through waits, as TCP
keeps it; a closed connection is closed at both ends.
"""

import asyncio
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

__all__ = ["Links", "can_link"]

CHUNK_BYTES = 65_536
CHUNKS_MAX = 256  # Under way.
HANDOVER_SECONDS_MAX = 60.0


def can_link() -> bool:
    """Return whether this user may make networks."""
    return (
        sys.platform == "linux"
        and shutil.which("unshare") is not None
        and not subprocess.run(
            ["unshare", "--map-root-user", "--net", "true"], capture_output=True, check=False
        ).returncode
    )


class _Way:
    """One direction of a link."""

    def __init__(self) -> None:
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.delay_s = 0.0


class _Link:
    """From one process to one broker."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.there, self.back = _Way(), _Way()
        self.writers: set[asyncio.StreamWriter] = set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:  # The broker is not there.
            writer.close()
            return
        ends = writer, far_writer
        self.writers.update(ends)
        ways = (
            asyncio.create_task(_copy(reader, far_writer, self.there)),
            asyncio.create_task(_copy(far_reader, writer, self.back)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            self.writers.difference_update(ends)
            for end in ends:
                end.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: _Way) -> None:
    """Copy one direction; what is delayed is on its way together, as in a long cable."""
    under_way = asyncio.Queue[tuple[float, bytes]](CHUNKS_MAX)
    arriving = asyncio.create_task(_arrive(under_way, writer, way))
    try:
        while content := await reader.read(CHUNK_BYTES):
            await under_way.put((time.monotonic() + way.delay_s, content))
        await under_way.put((time.monotonic(), b""))
        await arriving
    except OSError:
        return
    finally:
        arriving.cancel()


async def _arrive(
    under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, way: _Way
) -> None:
    with suppress(OSError):
        while True:
            due_s, content = await under_way.get()
            await asyncio.sleep(due_s - time.monotonic())
            await way.is_open.wait()
            if not content:
                return
            writer.write(content)
            await writer.drain()


class Links:
    """All links, by the name of the process; faults are set from any thread."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = ports
        self._links: dict[str, list[_Link]] = {}
        self._servers: dict[str, list[asyncio.Server]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def take_over(self, name: str, outside: socket.socket) -> None:
        """Answer the ports that a process hands over as it starts. Raise OSError if it does not."""
        outside.settimeout(HANDOVER_SECONDS_MAX)
        _, numbers, _, _ = socket.recv_fds(outside, 1, len(self.ports))
        listening = [socket.socket(fileno=number) for number in numbers]
        asyncio.run_coroutine_threadsafe(self._serve(name, listening), self._loop).result()

    def hold(self, names: Sequence[str], *, ways: Sequence[str], node: int | None = None) -> None:
        """Let nothing through. ways: "there", "back". node: one broker; None: all of them."""

        def hold(link: _Link) -> None:
            for way in ways:
                getattr(link, way).is_open.clear()

        self._each(names, node, hold)

    def slow(self, names: Sequence[str], seconds: float) -> None:
        """Delay all bytes for so long."""

        def delay(link: _Link) -> None:
            link.there.delay_s = link.back.delay_s = seconds

        self._each(names, None, delay)

    def cut(self, names: Sequence[str]) -> None:
        """Close all connections; new ones may be made."""

        def cut(link: _Link) -> None:
            for writer in list(link.writers):
                writer.close()

        self._each(names, None, cut)

    def heal(self) -> None:
        """Let everything through at once."""

        def heal(link: _Link) -> None:
            for way in (link.there, link.back):
                way.delay_s = 0.0
                way.is_open.set()

        self._each(list(self._links), None, heal)

    def close(self) -> None:
        """End the thread."""

        async def end_all() -> None:
            for servers in self._servers.values():
                for server in servers:
                    server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _each(self, names: Sequence[str], node: int | None, act: Callable[[_Link], object]) -> None:
        async def act_on_each() -> None:
            for link in self._chosen(names, node):
                act(link)

        asyncio.run_coroutine_threadsafe(act_on_each(), self._loop).result()

    def _chosen(self, names: Sequence[str], node: int | None) -> Iterator[_Link]:
        for name in names:
            links = self._links.get(name, [])
            yield from links if node is None else links[node : node + 1]

    async def _serve(self, name: str, listening: Sequence[socket.socket]) -> None:
        """Take over the ports of a process that started; those of its last life end."""
        for server in self._servers.get(name, []):
            server.close()
        self._links[name] = [_Link(port) for port in self.ports]
        self._servers[name] = [
            await asyncio.start_server(link.connect, sock=each)
            for link, each in zip(self._links[name], listening, strict=True)
        ]
