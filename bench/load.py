"""Many clients at once over HTTP keep-alive, driven by one process that only waits and counts.

A client is a generator: it yields a request and is given the answer, one request at a time.
Its thread of work is its own, so a rate of N clients is what N presses after one another reach.
"""

import selectors
import socket
import time
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlsplit

RECEIVED = 256 * 1024


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `kind` names the figure that its time belongs to."""

    kind: str
    path: str
    token: str
    body: bytes
    headers: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Told:
    """Its answer."""

    status: int
    body: bytes


Client = Generator[Ask, Told, None]


@dataclass
class Figures:
    """What was measured: milliseconds of each request by kind, and what the clients kept."""

    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds that the server used of the processor meanwhile; other work does not change them."""
    times: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def run(url: str, make: Callable[..., Client], count: int, seconds: float, *given: Any) -> Figures:
    """Let `count` clients, `make(number, kept, *given)` each, ask for `seconds`; in another process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_drive, url, make, count, seconds, given).result()


@dataclass
class _Line:
    """A client's connection, what it asked last, and what has come of the answer."""

    socket: socket.socket
    client: Client
    kind: str = ""
    begun: float = 0.0
    heard: bytes = b""


def _drive(
    url: str, make: Callable[..., Client], count: int, seconds: float, given: tuple[Any, ...]
) -> Figures:
    parts = urlsplit(url)
    place = (parts.hostname or "", parts.port or 80)
    figures = Figures()
    ready = selectors.DefaultSelector()
    for number in range(count):
        line = _Line(socket.create_connection(place), make(number, figures.kept, *given))
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready.register(line.socket, selectors.EVENT_READ, line)
        _send(line, next(line.client))
    began, busy = time.perf_counter(), count
    while busy:
        for key, _ in ready.select(timeout=30):
            line = key.data
            told = _receive(line)
            if told is None:
                continue
            now = time.perf_counter()
            figures.times.setdefault(line.kind, []).append((now - line.begun) * 1000)
            if told.status >= 400:
                figures.refused.append(f"{line.kind} {told.status} {told.body[:200]!r}")
            try:
                following = line.client.send(told)
            except StopIteration:
                following = None
            if following is None or now - began > seconds:
                ready.unregister(line.socket)
                line.socket.close()
                busy -= 1
            else:
                _send(line, following)
    figures.seconds = time.perf_counter() - began
    return figures


def _send(line: _Line, ask: Ask) -> None:
    line.kind, line.heard = ask.kind, b""
    head = (
        f"{ask.method} {ask.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ask.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(ask.body)}\r\n{ask.headers}\r\n"
    )
    line.begun = time.perf_counter()
    line.socket.sendall(head.encode() + ask.body)


def _receive(line: _Line) -> Told | None:
    """The answer once it is whole; every answer says its length."""
    line.heard += line.socket.recv(RECEIVED)
    head, found, body = line.heard.partition(b"\r\n\r\n")
    if not found:
        if not line.heard:
            raise ConnectionError("The server hung up.")
        return None
    status = int(head[9:12])
    lengths = [h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    return Told(status, body) if len(body) >= length else None
