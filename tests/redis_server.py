"""A Redis of the tests' own, which they may stop and start.

`python -m tests.redis_server` prints where the program is, or exits with 1.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.postgres import place_for_sockets

READY_SECONDS = 30


class RedisMissing(Exception):
    """No Redis on this machine."""


def find_redis() -> str:
    path = shutil.which("redis-server")
    if path is None:
        raise RedisMissing("Redis is not installed (Debian: apt install redis-server).")
    return path


class RedisServer:
    """Keeps nothing; `url` stays the same however often it is started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [find_redis(), "--port", "0", "--unixsocket", self._socket, "--save", ""],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + READY_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < give_up, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """As a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """It takes what it is told, and answers nothing, until `go_on`."""
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(1)
                line.connect(str(self._socket))
                line.sendall(b"PING\r\n")
                return line.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


@contextmanager
def temporary_redis() -> Iterator[RedisServer]:
    """Run one; its folder's path is short, as that of a socket must be."""
    with TemporaryDirectory(prefix="ruko-redis-", dir=place_for_sockets()) as folder:
        server = RedisServer(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_redis()}\n")
    except RedisMissing as missing:
        sys.exit(str(missing))
