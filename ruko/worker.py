"""The worker of the embedded server: it gives a thread to a request, never to a silence.

gunicorn lets a thread wait for whoever connects, and its one loop wait for whoever does not hang up;
three hundred that only connected would stand before the kiosk. Here a connection waits for a thread
until its request is all there, and costs nothing but a descriptor until then.
"""

import re
import select
import selectors
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

REQUEST_SECONDS = 30
"""Whoever has not finished asking by then is hung up on."""
MOST_SEEN = 16 * 1024
"""What is looked at before a thread has it: any form of a visitor. Of more, only the head is awaited."""
LINGER_SECONDS = 0.5
"""How long the last answer of a connection may take to be fetched."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n")
_GONE = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A gthread worker whose threads only ever meet whole requests."""

    def run(self) -> None:
        self._asking = select.epoll()
        self._unfinished: dict[int, tuple[Any, float]] = {}
        self.poller.register(self._asking.fileno(), selectors.EVENT_READ, self._hear)
        super().run()

    def enqueue_req(self, conn: Any) -> None:
        """A connection has said something, or is new."""
        if _read_ahead(conn) or is_whole(conn.sock):
            super().enqueue_req(conn)
            return
        descriptor = conn.sock.fileno()
        self._unfinished[descriptor] = conn, time.monotonic() + REQUEST_SECONDS
        events = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET  # each new part is told once
        self._asking.register(descriptor, events)

    def _hear(self, _descriptor: int) -> None:
        for descriptor, event in self._asking.poll(0):
            conn, _ = self._unfinished[descriptor]
            if event & _GONE or is_whole(conn.sock):
                self._forget(descriptor)
                super().enqueue_req(conn)

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
        self._asking.unregister(descriptor)

    def handle(self, conn: Any) -> Any:
        """In a thread: answer; then wait for the end here, and not in the loop that serves everybody."""
        stays = super().handle(conn)
        if not stays:
            _see_out(conn.sock)
        return stays


def is_whole(line: socket.socket) -> bool:
    """Whether a request is all there to be read, or nothing better will come; reads nothing away."""
    try:
        seen = line.recv(MOST_SEEN, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    head, ended, body = seen.partition(b"\r\n\r\n")
    if not seen or len(seen) == MOST_SEEN:
        return True
    if not ended:
        return False
    head = head.lower() + b"\r\n"
    length = _LENGTH.search(head)
    if length is None or b"\r\nexpect:" in head:  # waits to be told to go on
        return True
    awaited = int(length[1])
    return len(body) >= awaited or len(head) + awaited > MOST_SEEN - 8


def _read_ahead(conn: Any) -> bool:
    """Whether the next request was read together with the last one."""
    return conn.parser is not None and bool(conn.parser.unreader.buf.getvalue())


def _see_out(line: socket.socket) -> None:
    """Say that no more will come, and let the peer fetch what it was told before the line is cut."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)
        give_up = time.monotonic() + LINGER_SECONDS
        while (left := give_up - time.monotonic()) > 0:
            line.settimeout(left)
            if not line.recv(MOST_SEEN):
                break
        line.shutdown(socket.SHUT_RDWR)
