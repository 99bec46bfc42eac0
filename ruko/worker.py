"""The worker of the embedded server: it gives a thread to a request, never to a silence.

gunicorn lets a thread wait for whoever connects, and its one loop wait for whoever does not hang up;
three hundred that only connected would stand before the kiosk. Here a connection waits for a thread
until its request is all there, and costs nothing but a descriptor until then. Of those too large
to be looked at, a few are read at a time.
"""

import re
import select
import selectors
import socket
import time
from contextlib import suppress
from enum import Enum, auto
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

REQUEST_SECONDS = 30
"""Whoever has not finished asking by then is hung up on."""
MOST_SEEN = 16 * 1024
"""What is looked at before a thread has it: any form of a visitor."""
MOST_SLOW = 32
"""So many threads at a time read what is larger, or says not how large it is; the others wait in line."""
LINGER_SECONDS = 0.5
"""How long the last answer of a connection may take to be fetched."""

_BODY = re.compile(rb"\r\n(content-length|transfer-encoding):")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*0*(\d{1,9})[ \t]*\r\n")
_GONE = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Heard(Enum):
    """How much of a request is there."""

    PART = auto()
    """More will come, and will be looked at."""
    ALL = auto()
    """All of it, or nothing better will come."""
    LARGE = auto()
    """Only reading it tells when it ends."""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A gthread worker most of whose threads only ever meet whole requests.

    All but `handle` runs in the one loop, so nothing here needs a lock.
    """

    def run(self) -> None:
        self._asking = select.epoll()
        self._unfinished: dict[int, tuple[Any, float]] = {}
        self._large: dict[int, Any] = {}  # of the unfinished, those that wait for a turn, in order
        self._slow: set[Any] = set()  # whose turn it is
        self.poller.register(self._asking.fileno(), selectors.EVENT_READ, self._hear)
        super().run()

    def enqueue_req(self, conn: Any) -> None:
        """A connection has said something, or is new."""
        heard = listen_to(conn.sock, _read_ahead(conn))
        if heard is Heard.ALL:
            super().enqueue_req(conn)
            return
        descriptor = conn.sock.fileno()
        self._unfinished[descriptor] = conn, time.monotonic() + REQUEST_SECONDS
        events = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET  # each new part is told once
        self._asking.register(descriptor, events)
        if heard is Heard.LARGE:
            self._line_up(descriptor, conn)

    def _hear(self, _descriptor: int) -> None:
        for descriptor, event in self._asking.poll(0):
            conn, _ = self._unfinished[descriptor]
            heard = Heard.ALL if event & _GONE else listen_to(conn.sock, _read_ahead(conn))
            if heard is Heard.ALL:
                self._forget(descriptor)
                super().enqueue_req(conn)
            elif heard is Heard.LARGE:
                self._line_up(descriptor, conn)

    def _line_up(self, descriptor: int, conn: Any) -> None:
        self._large[descriptor] = conn
        self._read_next()

    def _read_next(self) -> None:
        """Give threads to large requests, in their order, while there are few."""
        while self._large and len(self._slow) < MOST_SLOW:
            descriptor, conn = next(iter(self._large.items()))
            self._forget(descriptor)
            self._slow.add(conn)
            super().enqueue_req(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """A thread is free again."""
        self._slow.discard(conn)
        super().finish_request(conn, fs)
        self._read_next()

    def notify(self) -> None:
        """Once a second: those that took too long leave."""
        super().notify()
        now = time.monotonic()
        for descriptor, (conn, until) in list(self._unfinished.items()):
            if until > now:
                break  # the others came later
            self._forget(descriptor)
            self.nr_conns -= 1
            conn.close()

    def _forget(self, descriptor: int) -> None:
        del self._unfinished[descriptor]
        self._large.pop(descriptor, None)
        self._asking.unregister(descriptor)

    def handle(self, conn: Any) -> Any:
        """In a thread: answer; then wait for the end here, and not in the loop that serves everybody."""
        stays = super().handle(conn)
        if not stays:
            _see_out(conn.sock)
        return stays


def listen_to(line: socket.socket, ahead: bytes = b"") -> Heard:
    """How much of the next request is there to be read, of which `ahead` was; reads nothing away."""
    try:
        seen = line.recv(MOST_SEEN, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return _judge(ahead)
    except OSError:
        return Heard.ALL
    return _judge(ahead + seen) if seen else Heard.ALL


def _judge(seen: bytes) -> Heard:
    head, ended, body = seen.removeprefix(b"\r\n").partition(b"\r\n\r\n")  # an empty line may lead
    if not ended:
        return Heard.PART if len(seen) < MOST_SEEN else Heard.LARGE
    head = head.lower() + b"\r\n"
    if not _BODY.search(head):
        return Heard.ALL
    length = _LENGTH.search(head)
    if length is None or b"\r\ntransfer-encoding:" in head:
        return Heard.LARGE
    if len(body) >= int(length[1]):
        return Heard.ALL
    waits = b"\r\nexpect:" in head  # to be told to go on
    large = len(head) + int(length[1]) > MOST_SEEN - 8
    return Heard.LARGE if waits or large else Heard.PART


def _read_ahead(conn: Any) -> bytes:
    """What of the next request was read together with the last one."""
    return conn.parser.unreader.buf.getvalue() if conn.parser else b""


def _see_out(line: socket.socket) -> None:
    """Say that no more will come, and let the peer fetch what it was told before the line is cut."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)
        give_up = time.monotonic() + LINGER_SECONDS
        while (left := give_up - time.monotonic()) > 0:
            line.settimeout(left)
            if not line.recv(MOST_SEEN):
                break
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
