"""Receipt printers for tests: a socket that records, and one for each way of going wrong."""

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self

QUESTION = b"\x10\x04"
FINE, NO_PAPER, COVER_OPEN = 0x12, 0x72, 0x1A
CUT = b"\x1dV"

Kind = Literal["answers", "silent", "closes"]


class RecordingPrinter:
    """`with RecordingPrinter() as printer:` listens on a free port and keeps every byte.

    "answers" tells its `status`, "silent" accepts and hangs, "closes" hangs up in the middle.
    """

    def __init__(self, kind: Kind = "answers", *, paper: int = FINE, state: int = FINE) -> None:
        self.kind, self.paper, self.state = kind, paper, state
        self.data = b""
        self.runs_out = False
        """Whether the paper ends with the next slip."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._talks: list[socket.socket] = []

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def slips(self) -> int:
        """How many slips were cut off."""
        return self.data.count(CUT)

    @property
    def connected(self) -> bool:
        """Whether anybody has called."""
        return bool(self._talks)

    def hang_up(self) -> None:
        """On everybody who is connected."""
        for talk in self._talks:
            with suppress(OSError):  # gone already
                talk.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                talk, _ = self._socket.accept()
            except OSError:
                return
            self._talks.append(talk)
            self._start(self._hear, talk)

    def _hear(self, talk: socket.socket) -> None:
        with talk:
            while True:
                try:
                    heard = talk.recv(4096)
                except OSError:
                    return
                if not heard:
                    return
                questions, told = _apart(heard)
                self.data += told
                if self.kind == "closes" and told:
                    # no lingering: the other side is told at once, as by a printer that lost power
                    talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if told and self.runs_out:
                    self.paper = NO_PAPER
                if self.kind == "answers":
                    for question in questions:
                        talk.sendall(bytes([self.paper if question == 4 else self.state]))


def _apart(heard: bytes) -> tuple[list[int], bytes]:
    """The status questions among what was heard, and the rest: what goes onto paper."""
    first, *more = heard.split(QUESTION)
    return [part[0] for part in more], first + b"".join(part[1:] for part in more)
