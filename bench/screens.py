"""Many lean screens in another process: they hold a socket each and note when a call arrived there.

Beside them the limit: a server that does nothing but `send()` a ready message to each of its sockets.
"""

import asyncio
import base64
import contextlib
import os
import re
import socket
import time
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from bench.office import SLUG

READY_SECONDS = 60
ARRIVE_SECONDS = 10
_SEQ = re.compile(rb'"seq":(\d+)')


@dataclass(frozen=True, slots=True)
class Arrival:
    """When the messages of one call arrived, by the machine's monotonic clock."""

    first: float
    median: float
    last: float


class Screens:
    """`with Screens(url, 100) as screens:` – 100 strangers' boards, in a process of their own."""

    def __init__(self, url: str, count: int, *, path: str = f"/socket.io/?office={SLUG}") -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        address = f"{path}{'&' if '?' in path else '?'}EIO=4&transport=websocket"
        self._process = context.Process(
            target=_live, args=(url, address, count, theirs), daemon=True
        )
        self.count = count

    def __enter__(self) -> Self:
        self._process.start()
        self._hear(READY_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        self._process.join(5)
        self._process.terminate()

    def arrival(self, seq: int) -> Arrival:
        """When the call with that number was at every screen."""
        self._pipe.send(seq)
        times = self._hear(ARRIVE_SECONDS)
        return Arrival(times[0], times[len(times) // 2], times[-1])

    def _hear(self, seconds: float) -> list[float]:
        if not self._pipe.poll(seconds):
            raise TimeoutError("Not every screen had its message.")
        heard = self._pipe.recv()
        if isinstance(heard, str):
            raise ConnectionError(heard)
        return list(heard)


class BareServer:
    """`with BareServer(100, length) as limit:` – waits for so many sockets, then sends when told."""

    def __init__(self, count: int, length: int) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_send, args=(count, length, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self.url = f"http://127.0.0.1:{self._pipe.recv()}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()

    def send(self, seq: int) -> None:
        self._pipe.send(seq)


def _send(count: int, length: int, pipe: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=count) as listening:
        pipe.send(listening.getsockname()[1])
        lines = [listening.accept()[0] for _ in range(count)]
    for line in lines:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while b"\r\n\r\n" not in line.recv(4096):
            pass
        line.send(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + _framed(0, length))
    ready = [_framed(seq, length) for seq in range(1000)]
    while True:
        message = ready[pipe.recv()]
        for line in lines:
            line.send(message)


def _framed(seq: int, length: int) -> bytes:
    """A board's message of that length, as a server's WebSocket frame."""
    text = f'42/board,["board",{{"seq":{seq},"board":"'.encode()
    text += b"x" * (length - len(text)) + b'"}]'
    return bytes((0x81, 126)) + len(text).to_bytes(2, "big") + text


# ── In the other process ──────────────────────────────────────────────────────────────────────


def _live(url: str, address: str, count: int, pipe: Connection) -> None:
    with contextlib.suppress(KeyboardInterrupt, EOFError, OSError):
        asyncio.run(_hold(url, address, count, pipe))


async def _hold(url: str, address: str, count: int, pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    heard = _Heard(count)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    try:
        for begun in range(0, count, 20):
            together = [
                loop.create_connection(lambda: _Screen(address, heard), host, port)
                for _ in range(begun, min(count, begun + 20))
            ]
            await asyncio.gather(*together)
        await asyncio.wait_for(heard.all_ready.wait(), READY_SECONDS)
    except (OSError, TimeoutError) as error:
        pipe.send(f"{heard.ready} of {count} screens were let in: {error!r}")
        return
    pipe.send([])
    asked: asyncio.Queue[int | None] = asyncio.Queue()
    loop.add_reader(pipe.fileno(), lambda: asked.put_nowait(pipe.recv()))
    while (seq := await asked.get()) is not None:
        with contextlib.suppress(TimeoutError):
            pipe.send(await asyncio.wait_for(heard.everywhere(seq), ARRIVE_SECONDS))


class _Heard:
    """What the screens of this process heard."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._times: dict[int, list[float]] = {}
        self._whole: dict[int, asyncio.Event] = {}
        self.ready = 0
        self.all_ready = asyncio.Event()

    def is_ready(self) -> None:
        self.ready += 1
        if self.ready == self._count:
            self.all_ready.set()

    def arrived(self, seq: int, at: float) -> None:
        times = self._times.setdefault(seq, [])
        times.append(at)
        if len(times) == self._count:
            self._event(seq).set()

    async def everywhere(self, seq: int) -> list[float]:
        await self._event(seq).wait()
        return self._times[seq]

    def _event(self, seq: int) -> asyncio.Event:
        return self._whole.setdefault(seq, asyncio.Event())


class _Screen(asyncio.Protocol):
    """Just enough WebSocket and Socket.IO to be told the board and to answer pings."""

    def __init__(self, address: str, heard: _Heard) -> None:
        self._address, self._heard = address, heard
        self._bytes = b""
        self._upgraded = False
        self._seq = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._address} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        at = time.perf_counter()
        self._bytes += data
        if not self._upgraded:
            head, found, self._bytes = self._bytes.partition(b"\r\n\r\n")
            if not found:
                self._bytes = head
                return
            if b" 101 " not in head:
                self._transport.abort()
                return
            self._upgraded = True
        while (message := self._next()) is not None:
            self._hear(message, at)

    def _next(self) -> bytes | None:
        """The next whole message; a server's are neither masked nor, here, in parts."""
        if len(self._bytes) < 2:
            return None
        length, begins = self._bytes[1], 2
        if length >= 126:
            begins = 4 if length == 126 else 10
            if len(self._bytes) < begins:
                return None
            length = int.from_bytes(self._bytes[2:begins], "big")
        ends = begins + length
        if len(self._bytes) < ends:
            return None
        message, self._bytes = self._bytes[begins:ends], self._bytes[ends:]
        return message

    def _hear(self, message: bytes, at: float) -> None:
        if message.startswith(b"0"):
            self._say(b"40/board,")
        elif message == b"2":
            self._say(b"3")
        elif message.startswith(b'42/board,["board"'):
            found = _SEQ.search(message)
            seq = int(found[1]) if found else -1
            if self._seq < 0:
                self._heard.is_ready()
            if seq > self._seq:
                self._seq = seq
                self._heard.arrived(seq, at)

    def _say(self, text: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
        self._transport.write(bytes((0x81, 0x80 | len(text))) + mask + masked)
