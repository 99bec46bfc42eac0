"""A crowd: connections to a real server that are open and never become anything."""

import resource
import socket
from urllib.parse import urlsplit

from tests.conftest import SLUG

PATIENCE = 60
FILES = 4096
"""So many connections may one process hold; usually a thousand."""
BOARD = bytes(byte ^ mask for byte, mask in zip(b"40/board,", b"RUKO" * 3, strict=False))
JOIN = bytes((0x81, 0x80 | len(BOARD))) + b"RUKO" + BOARD
"""What a board says once it is connected, as a WebSocket frame."""
UPGRADE = (
    f"GET /socket.io/?EIO=4&transport=websocket&office={SLUG} HTTP/1.1\r\nHost: papan\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()
ASK = b"GET /healthz HTTP/1.1\r\nHost: kios\r\n\r\n"
FORM = f"POST /{SLUG}/login HTTP/1.1\r\nHost: kios\r\n".encode()
HALVES = {
    "nothing": b"",
    "half a head": f"GET /{SLUG}/kiosk HTTP/1.1\r\nHost: kios\r\n".encode(),
    "half a form": (
        f"POST /api/v1/offices/{SLUG}/tickets HTTP/1.1\r\nHost: kios\r\n"
        'Content-Type: application/json\r\nContent-Length: 400\r\n\r\n{"bidang": "PEM", '
    ).encode(),
    "half a large form": FORM + b"Content-Length: 20000\r\n\r\na=b",
    "half a form of an odd length": FORM + b"Content-Length: 0000000020000\r\n\r\na=b",
    "half a form in chunks": FORM + b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n",
    "the promise of a form": FORM + b"Content-Length: 90\r\nExpect: 100-continue\r\n\r\n",
    "half a form behind a question": ASK + FORM + b"Content-Length: 20000\r\n\r\na=b",
}


class Crowd:
    """Connections that are open and never become anything."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "", parts.port or 80
        self.lines: list[socket.socket] = []
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if 0 <= soft < FILES and (hard < 0 or hard >= FILES):
            resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))

    def connect(self, count: int, said: bytes) -> list[socket.socket]:
        """So many connect at once and say that."""
        new = [socket.create_connection(self._address, timeout=PATIENCE) for _ in range(count)]
        self.lines += new
        for line in new:
            line.sendall(said)
        return new

    def strangers(self, count: int, *, joining: bool) -> int:
        """So many open a socket and never answer again; returns how many were let in."""
        let_in = 0
        for line in self.connect(count, UPGRADE):
            if line.recv(4096).startswith(b"HTTP/1.1 101"):
                let_in += 1
                if joining:
                    line.sendall(JOIN)
        return let_in

    def close(self) -> None:
        for line in self.lines:
            line.close()
